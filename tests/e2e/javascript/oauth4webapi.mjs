// Everything that a client of oauth4webapi does with an authorization server. Usage: node oauth4webapi.mjs SETTINGS.json
import * as oauth from 'oauth4webapi'
import { fetchAs, report, sendBrowser, settings } from './settings.mjs'

const { issuer, api, redirectUri, registration, initialAccessToken } = settings
const own = { [oauth.customFetch]: fetchAs('web') }
const auth = oauth.TlsClientAuth()
const discovered = await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oauth2', ...own })
const as = await oauth.processDiscoveryResponse(new URL(issuer), discovered)
const call = async (token, options) => {
  try {
    const response = await oauth.protectedResourceRequest(token, 'GET', new URL(api), undefined, undefined, options)
    return { status: response.status, body: await response.json() }
  } catch (error) {
    return { status: error.status, error: error.cause[0].parameters.error }
  }
}

const answer = await oauth.dynamicClientRegistrationRequest(
  as, { ...registration, use_mtls_endpoint_aliases: true }, { initialAccessToken, ...own },
)
const registered = await oauth.processDynamicClientRegistrationResponse(answer)
const client = { ...registered, use_mtls_endpoint_aliases: true }
const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
let parameters = {
  client_id: client.client_id,
  response_type: 'code',
  redirect_uri: redirectUri,
  scope: 'accounts',
  state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
}
const pushes = as.pushed_authorization_request_endpoint !== undefined
if (pushes) {
  const pushed = await oauth.pushedAuthorizationRequest(as, client, auth, parameters, own)
  const { request_uri } = await oauth.processPushedAuthorizationResponse(as, client, pushed)
  parameters = { client_id: client.client_id, request_uri }
}
const address = new URL(as.authorization_endpoint)
address.search = new URLSearchParams(parameters)
const callback = oauth.validateAuthResponse(as, client, await sendBrowser(address), state)
const exchanged = await oauth.authorizationCodeGrantRequest(as, client, auth, callback, redirectUri, verifier, own)
const tokens = await oauth.processAuthorizationCodeResponse(as, client, exchanged)
const renewed = await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, own)
const { access_token: token } = await oauth.processRefreshTokenResponse(as, client, renewed)

const resource = { client_id: 'api', use_mtls_endpoint_aliases: true }
const introspect = async () => {
  const answer = await oauth.introspectionRequest(as, resource, auth, token, { [oauth.customFetch]: fetchAs('api') })
  return oauth.processIntrospectionResponse(as, resource, answer)
}
const user = await call(token, own)
const introspected = await introspect()
await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, token, own))
const revoked = { api: await call(token, own), introspected: await introspect() }

const machine = { client_id: 'billing', use_mtls_endpoint_aliases: true }
const asMachine = { [oauth.customFetch]: fetchAs('billing') }
const granted = await oauth.clientCredentialsGrantRequest(as, machine, auth, { scope: 'accounts' }, asMachine)
const { access_token: machineToken } = await oauth.processClientCredentialsResponse(as, machine, granted)
report({
  registered: client,
  pushed: pushes ? [...address.searchParams.keys()].sort() : null,
  user,
  introspected,
  revoked,
  machine: await call(machineToken, asMachine),
  thief: await call(machineToken, own),
})
