// Leads port 443 of every host to a port of this machine, as DNS and a server's address would. Usage: node --import ./hosts.mjs SCRIPT
import tls from 'node:tls'

const { connect } = tls
const port = Number(process.env.SERVED_AT)
tls.connect = (options) => connect({ ...options, servername: options.servername || options.host, host: '127.0.0.1', port })
