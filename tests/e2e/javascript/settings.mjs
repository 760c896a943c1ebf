// What a test's settings file has, and how a program talks with the test.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Agent, fetch } from 'undici'

export const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const answers = createInterface({ input: process.stdin })[Symbol.asyncIterator]()

// Makes a fetch that presents the certificate of this name.
export function fetchAs(name) {
  const file = (suffix) => readFileSync(`${settings.folder}/${name}.${suffix}`)
  const dispatcher = new Agent({
    connect: { ca: readFileSync(`${settings.folder}/ca.pem`), cert: file('pem'), key: file('key') },
  })
  return (url, options) => fetch(url, { ...options, dispatcher })
}

// Asks the test to send the user's browser to an address, and returns where the browser ended.
export async function sendBrowser(address) {
  console.log(address.href)
  return new URL((await answers.next()).value)
}

export function report(found) {
  console.log(JSON.stringify(found))
  process.exit()
}
