// An authorization server with mutual TLS: oidc-provider, on a port that the kernel chooses. Usage: node oidc_provider.mjs SETTINGS.json
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import Provider from 'oidc-provider'

const { api, ca, certificate, privateKey, clients, jwks } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const server = createServer({
  cert: readFileSync(certificate),
  key: readFileSync(privateKey),
  requestCert: true,
  rejectUnauthorized: false,
})
server.listen(0, '127.0.0.1', () => {
  const issuer = `https://127.0.0.1:${server.address().port}`
  const pem = (ctx) => ctx.socket.getPeerX509Certificate()?.toString()
  const provider = new Provider(issuer, {
    clients,
    jwks,
    scopes: ['accounts'],
    clientAuthMethods: ['self_signed_tls_client_auth', 'tls_client_auth', 'none'],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      jwtIntrospection: { enabled: true },
      dPoP: { enabled: true },
      mTLS: {
        enabled: true,
        certificateBoundAccessTokens: true,
        selfSignedTlsClientAuth: true,
        tlsClientAuth: true,
        getCertificate: pem,
        certificateAuthorized: () => false,
        certificateSubjectMatches: () => false,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => api,
        useGrantedResource: () => true,
        getResourceServerInfo: (ctx, resource) => ({
          scope: 'accounts',
          audience: resource,
          accessTokenFormat: resource.endsWith('/opaque') ? 'opaque' : 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
  })
  provider.on('server_error', (ctx, error) => console.error(error))
  server.on('request', provider.callback())
  console.log(issuer)
})
