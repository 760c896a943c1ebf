// Registers a client, pushes an authorization request, and uses all that comes of it. Usage: node fapi2.mjs SETTINGS.json
import { readFileSync } from 'node:fs'
import * as client from 'openid-client'
import { Agent, fetch } from 'undici'

const { issuer, api, ca, certificate, privateKey, initialAccessToken, registration } =
  JSON.parse(readFileSync(process.argv[2], 'utf8'))
const connect = { ca: readFileSync(ca), cert: readFileSync(certificate), key: readFileSync(privateKey) }
const dispatcher = new Agent({ connect })
const browser = new Agent({ connect: { ca: readFileSync(ca) } })

const config = await client.dynamicClientRegistration(
  new URL(issuer),
  { ...registration, use_mtls_endpoint_aliases: true },
  client.TlsClientAuth(),
  {
    algorithm: 'oauth2',
    initialAccessToken,
    [client.customFetch]: (url, options) => fetch(url, { ...options, dispatcher }),
  },
)
const pkceCodeVerifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const address = await client.buildAuthorizationUrlWithPAR(config, {
  redirect_uri: registration.redirect_uris[0],
  scope: 'accounts',
  state,
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
})

// The user agrees, in a browser without a certificate.
const page = await fetch(address, { dispatcher: browser })
const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())[1]
const answer = await fetch(address, {
  method: 'POST',
  body: new URLSearchParams({ csrf, user: 'anna', consent: 'yes' }),
  headers: { cookie: page.headers.get('set-cookie').split(';')[0] },
  redirect: 'manual',
  dispatcher: browser,
})

const tokens = await client.authorizationCodeGrant(config, new URL(answer.headers.get('location')), {
  pkceCodeVerifier,
  expectedState: state,
})
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
const response = await client.fetchProtectedResource(config, refreshed.access_token, new URL(api), 'GET')
const body = await response.json()
const before = await client.tokenIntrospection(config, refreshed.access_token)
await client.tokenRevocation(config, refreshed.access_token)
const after = await client.tokenIntrospection(config, refreshed.access_token)
console.log(JSON.stringify({
  parameters: [...address.searchParams.keys()],
  registered: config.clientMetadata(),
  rotated: refreshed.refresh_token !== undefined,
  status: response.status,
  body,
  before,
  after,
}))
