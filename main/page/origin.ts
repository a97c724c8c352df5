/** The one address that is ours. */
export const pageOrigin = 'app://bundle'

/** Of anything that the page's origin has: of the page itself and of all it may load. */
export function isOwnOrigin(address: string): boolean {
  const url = parsed(address)
  // Of a scheme of our own no standard says what its origin is: Node calls it `null`.
  if (url === undefined || `${url.protocol}//${url.host}` !== pageOrigin) return false
  return url.username === '' && url.password === ''
}

/** The page itself, wherever one is in it: there is no other. */
export function isOwnPage(address: string): boolean {
  const url = parsed(address)
  return isOwnOrigin(address) && (url?.pathname === '/' || url?.pathname === '/index.html')
}

function parsed(address: string): URL | undefined {
  try {
    return new URL(address)
  } catch {
    return undefined
  }
}
