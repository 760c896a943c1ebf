// Code with PKCE, refresh, introspection, the API, revocation. Usage: node oauth_toolkit.mjs SETTINGS.json
import { readFileSync } from 'node:fs'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'

const { issuer, clientId, api, callback, verifier, ca, certificate, privateKey } = JSON.parse(
  readFileSync(process.argv[2], 'utf8'),
)
const connect = { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(privateKey) }
const dispatcher = new Agent({ connect })

const config = await client.discovery(
  new URL(issuer),
  clientId,
  { use_mtls_endpoint_aliases: true },
  client.TlsClientAuth(),
  { algorithm: 'oauth2', [client.customFetch]: (url, options) => fetch(url, { ...options, dispatcher }) },
)
const call = async (token) => {
  try {
    const response = await client.fetchProtectedResource(config, token, new URL(api), 'GET')
    return { status: response.status, body: await response.json() }
  } catch (error) {
    return { status: error.status ?? error.response?.status, error: error.cause?.[0]?.parameters?.error }
  }
}
const checks = { pkceCodeVerifier: verifier, expectedState: 's' }
const tokens = await client.authorizationCodeGrant(config, new URL(callback), checks)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
const introspected = await client.tokenIntrospection(config, refreshed.access_token)
const before = await call(refreshed.access_token)
await client.tokenRevocation(config, refreshed.access_token)
const after = await call(refreshed.access_token)
console.log(JSON.stringify({ introspected, before, after }))
