// Each mistake that a client can make, by openid-client: prints the error that it understood. Usage: node errors.mjs SETTINGS.json
import * as client from 'openid-client'
import { fetchAs, report, sendBrowser, settings } from './settings.mjs'

const { issuer, redirectUri } = settings
const discover = (id, certificate = id) =>
  client.discovery(new URL(issuer), id, { use_mtls_endpoint_aliases: true }, client.TlsClientAuth(), {
    algorithm: 'oauth2', [client.customFetch]: fetchAs(certificate),
  })
const [web, billing, forged, unknown] = await Promise.all([
  discover('web'), discover('billing'), discover('web', 'billing'), discover('nobody', 'billing'),
])
const tried = {}
const attempt = async (name, doing) => {
  try {
    await doing()
    tried[name] = 'accepted'
  } catch (error) {
    tried[name] = error.error ?? `${error}: ${error.cause}`
  }
}

const verifier = client.randomPKCECodeVerifier()
const request = {
  redirect_uri: redirectUri,
  scope: 'accounts',
  state: 's',
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
}
const authorize = (changes) => sendBrowser(client.buildAuthorizationUrl(web, { ...request, ...changes }))
const redeem = (config, callback, pkceCodeVerifier = verifier) =>
  client.authorizationCodeGrant(config, callback, { pkceCodeVerifier, expectedState: 's' })
const redirected = async (changes) => redeem(web, await authorize(changes))

await attempt('authorize with an unknown scope', () => redirected({ scope: 'root' }))
await attempt('authorize with another response type', () => redirected({ response_type: 'id_token' }))
await attempt('authorize with the plain challenge', () => redirected({ code_challenge_method: 'plain' }))

const callback = await authorize({})
await attempt("redeem with another client's certificate", () => redeem(forged, callback))
await attempt('redeem as another client', () => redeem(billing, callback))
await attempt('redeem', () => redeem(web, callback))
await attempt('redeem twice', () => redeem(web, callback))
const second = await authorize({})
await attempt('redeem with another verifier', () => redeem(web, second, client.randomPKCECodeVerifier()))
await attempt('client credentials of an unknown client', () => client.clientCredentialsGrant(unknown))
await attempt('client credentials of a client without them', () => client.clientCredentialsGrant(web))
await attempt('an unknown scope', () => client.clientCredentialsGrant(billing, { scope: 'root' }))
await attempt('an unknown grant', () => client.genericGrantRequest(billing, 'urn:example:grant', {}))
await attempt('no code', () => client.genericGrantRequest(web, 'authorization_code', { redirect_uri: redirectUri }))
await attempt('an unknown refresh token', () => client.refreshTokenGrant(web, 'unknown'))
await attempt('introspect with the wrong certificate', () => client.tokenIntrospection(forged, 'unknown'))
await attempt('revoke with the wrong certificate', () => client.tokenRevocation(forged, 'unknown'))
await attempt('revoke an unknown token', () => client.tokenRevocation(web, 'unknown'))
if (web.serverMetadata().pushed_authorization_request_endpoint) {
  const push = (config, changes) => client.buildAuthorizationUrlWithPAR(config, { ...request, ...changes })
  await attempt('push with the wrong certificate', () => push(forged, {}))
  await attempt('push an unregistered address', () => push(web, { redirect_uri: 'https://client.example.com/other' }))
}
report(tried)
