// Gets a certificate-bound access token and calls an API with it. Usage: node client_credentials.mjs SETTINGS.json
import { readFileSync } from 'node:fs'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'

const { issuer, clientId, api, scope, ca, certificate, privateKey } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const connect = { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(privateKey) }
const dispatcher = new Agent({ connect })

const config = await client.discovery(
  new URL(issuer),
  clientId,
  { use_mtls_endpoint_aliases: true },
  client.TlsClientAuth(),
  { algorithm: 'oauth2', [client.customFetch]: (url, options) => fetch(url, { ...options, dispatcher }) },
)
const tokens = await client.clientCredentialsGrant(config, scope ? { scope } : {})
const response = await client.fetchProtectedResource(config, tokens.access_token, new URL(api), 'GET')
console.log(JSON.stringify({ token: tokens.access_token, status: response.status, body: await response.json() }))
