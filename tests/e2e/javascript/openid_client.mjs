// Everything that a client of openid-client does with an authorization server. Usage: node openid_client.mjs SETTINGS.json
import * as client from 'openid-client'
import { fetchAs, report, sendBrowser, settings } from './settings.mjs'

const { issuer, api, redirectUri, registration, initialAccessToken } = settings
const options = (name) => ({ algorithm: 'oauth2', [client.customFetch]: fetchAs(name) })
const aliases = { use_mtls_endpoint_aliases: true }
const discover = (name) => client.discovery(new URL(issuer), name, aliases, client.TlsClientAuth(), options(name))
const call = async (config, token) => {
  try {
    const response = await client.fetchProtectedResource(config, token, new URL(api), 'GET')
    return { status: response.status, body: await response.json() }
  } catch (error) {
    return { status: error.status, error: error.cause[0].parameters.error }
  }
}

const config = await client.dynamicClientRegistration(
  new URL(issuer), { ...registration, ...aliases }, client.TlsClientAuth(), { ...options('web'), initialAccessToken },
)
const pkceCodeVerifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const parameters = {
  redirect_uri: redirectUri,
  scope: 'accounts',
  state,
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
}
const pushes = config.serverMetadata().pushed_authorization_request_endpoint !== undefined
const address = pushes
  ? await client.buildAuthorizationUrlWithPAR(config, parameters)
  : client.buildAuthorizationUrl(config, parameters)
const callback = await sendBrowser(address)
const tokens = await client.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState: state })
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
const token = refreshed.access_token
const resource = await discover('api')
const user = await call(config, token)
const introspected = await client.tokenIntrospection(resource, token)
await client.tokenRevocation(config, token)
const revoked = { api: await call(config, token), introspected: await client.tokenIntrospection(resource, token) }

const machine = await discover('billing')
const own = await client.clientCredentialsGrant(machine, { scope: 'accounts' })
report({
  registered: config.clientMetadata(),
  pushed: pushes ? [...address.searchParams.keys()].sort() : null,
  user,
  introspected,
  revoked,
  machine: await call(machine, own.access_token),
  thief: await call(config, own.access_token),
})
