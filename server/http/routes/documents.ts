import type { Session } from '../../../shared/api/index.ts'
import type { Core } from '../../../shared/core.ts'
import { AppError, reasonOf } from '../../../shared/errors.ts'
import { addText } from '../asking.ts'
import { namingOf, pagingOf, toApiDocument, toApiDocuments } from '../shapes.ts'
import { elsewhere, type Gates, os } from './gates.ts'
import { searchIn } from './search.ts'

export function documentRoutes({ core, session }: { core: Core; session: Session }, { inProject }: Gates) {
  const reading = inProject('read')
  const writing = inProject('write')
  const verb = (name: 'undo' | 'cancel' | 'retry' | 'pause' | 'resume' | 'delete') =>
    os.documents[name]
      .use(writing)
      .handler(async ({ input, context }) => toApiDocument(await core.documents[name](context.scope, input.documentId)))

  return {
    list: os.documents.list.use(reading).handler(async ({ input, context: { scope } }) => {
      const { order, state, ids, recognizing } = input
      const page = await core.documents.page(scope, {
        order,
        ...(state && { states: [state].flat() }),
        ...(recognizing && { recognizing: recognizing === 'yes' }),
        ...(ids && { ids }),
        ...pagingOf(input),
        ...namingOf(input),
      })
      return { ...toApiDocuments(page), states: page.states, recognizing: page.recognizing }
    }),
    trash: os.documents.trash.use(reading).handler(async ({ input, context: { scope } }) => {
      const filter = { trashed: true, ...namingOf(input), ...pagingOf(input) }
      return toApiDocuments(await core.documents.page(scope, filter))
    }),
    work: os.documents.work.use(reading).handler(async ({ context: { scope } }) => {
      const trouble = core.trouble()
      return { ...(await core.documents.work(scope)), trouble: trouble ? reasonOf(trouble) : null }
    }),
    upload: os.documents.upload.use(writing).handler(elsewhere),
    original: os.documents.original.use(reading).handler(elsewhere),
    addText: os.documents.addText.use(writing).handler(async ({ input, context: { scope } }) => {
      const { document, added } = await addText(core, scope, input, session.maxFileSize)
      return { document: toApiDocument(document), added }
    }),
    search: os.documents.search.use(reading).handler(searchIn(core)),
    get: os.documents.get
      .use(reading)
      .handler(async ({ input, context: { scope } }) =>
        toApiDocument(await core.documents.get(scope, input.documentId)),
      ),
    files: os.documents.files
      .use(reading)
      .handler(({ input, context: { scope } }) => core.documents.files(scope, input.documentId, input)),
    receipt: os.documents.receipt.use(reading).handler(async ({ input, context: { scope } }) => {
      await core.documents.get(scope, input.documentId)
      return { receipt: (await core.documents.receipt(scope, input.documentId)) ?? null }
    }),
    segments: os.documents.segments.use(reading).handler(async ({ input, signal, context: { scope } }) => {
      const { segments: total } = await core.documents.get(scope, input.documentId)
      const segments = []
      for (let number = input.from; number < input.from + input.limit; number++) {
        signal?.throwIfAborted()
        const segment = await core.documents.segment(scope, input.documentId, number)
        if (!segment) break
        segments.push(segment)
      }
      return { segments, total }
    }),
    segment: os.documents.segment.use(reading).handler(async ({ input, context: { scope } }) => {
      // Asked for at the same moment, they travel together.
      const [, segment] = await Promise.all([
        core.documents.get(scope, input.documentId),
        core.documents.segment(scope, input.documentId, input.number),
      ])
      if (!segment) throw new AppError('segment-not-found', { number: input.number })
      return segment
    }),
    delete: verb('delete'),
    undo: verb('undo'),
    cancel: verb('cancel'),
    retry: verb('retry'),
    pause: verb('pause'),
    resume: verb('resume'),
    pauseAll: os.documents.pauseAll.use(writing).handler(async ({ context: { scope } }) => ({
      count: await core.documents.pauseAll(scope),
    })),
    resumeAll: os.documents.resumeAll.use(writing).handler(async ({ context: { scope } }) => ({
      count: await core.documents.resumeAll(scope),
    })),
    unrecognized: os.documents.unrecognized.use(reading).handler(async ({ context: { scope } }) => ({
      count: await core.documents.unrecognized(scope),
    })),
    recognizeAll: os.documents.recognizeAll.use(writing).handler(async ({ context: { scope } }) => ({
      count: await core.documents.recognizeAll(scope),
    })),
    unlock: os.documents.unlock
      .use(writing)
      .handler(async ({ input, context: { scope } }) =>
        toApiDocument(await core.documents.unlock(scope, input.documentId, input.password)),
      ),
    company: os.documents.company.use(reading).handler(async ({ input, context: { scope } }) => ({
      count: await core.documents.company(scope, input.documentId),
    })),
    purge: os.documents.purge.use(writing).handler(async ({ input, context: { scope } }) => {
      await core.documents.purge(scope, input.documentId)
      const { projectId, documentId } = input
      core.announce({ type: 'document', projectId, documentId })
    }),
  }
}
