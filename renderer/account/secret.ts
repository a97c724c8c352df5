/** The key that an `otpauth:` address carries, in groups of four, as it is typed into an app. Empty where there is none. */
export function keyOf(uri: string): string {
  const secret = /[?&]secret=([A-Z2-7]+)/i.exec(uri)?.[1] ?? ''
  return secret.replace(/.{4}(?=.)/g, '$& ')
}
