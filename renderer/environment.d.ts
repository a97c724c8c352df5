declare module 'virtual:routes' {
  import type { AnyContractRouter } from '@orpc/contract'

  const routes: AnyContractRouter
  export default routes
}

/** Browsers have it; TypeScript's list of the DOM does not yet. */
interface Transformer<I, O> {
  cancel?: (reason?: unknown) => void
}

declare module 'pdfjs-dist/legacy/build/pdf.mjs' {
  export * from 'pdfjs-dist'
}
