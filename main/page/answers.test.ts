import { expect, test } from 'vitest'
import { createOpenAnswers } from './answers.ts'

const post = (signal?: AbortSignal) => new Request('app://bundle/api', { method: 'POST', ...(signal && { signal }) })

function answer(type = 'text/event-stream') {
  let end: () => void = () => {}
  let cancelled = false
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('data: a\n\n'))
      end = () => controller.close()
    },
    cancel() {
      cancelled = true
    },
  })
  return {
    response: new Response(body, { headers: { 'content-type': type } }),
    end: () => end(),
    isCancelled: () => cancelled,
  }
}

test('an answer counts until it is at its end', async () => {
  const answers = createOpenAnswers()
  const { response, end } = answer()
  const given = answers.watch(post(), response)
  expect(answers.count).toBe(1)
  end()
  expect(await given.text()).toBe('data: a\n\n')
  expect(answers.count).toBe(0)
})

test('until nobody reads it any more, which the server then hears', async () => {
  const answers = createOpenAnswers()
  const { response, isCancelled } = answer()
  const reader = answers.watch(post(), response).body!.getReader()
  await reader.read()
  await reader.cancel()
  expect(answers.count).toBe(0)
  await expect.poll(isCancelled).toBe(true)
})

test('until its request is aborted, and never twice', async () => {
  const answers = createOpenAnswers()
  const control = new AbortController()
  const other = answers.watch(post(), answer().response)
  const given = answers.watch(post(control.signal), answer().response)
  control.abort()
  await given.body?.cancel()
  expect(answers.count).toBe(1)
  await other.body?.cancel()
  expect(answers.count).toBe(0)
})

test('what is no answer is handed on as it is', () => {
  const answers = createOpenAnswers()
  const { response } = answer('application/json')
  expect(answers.watch(post(), response)).toBe(response)
  expect(answers.watch(new Request('app://bundle/api'), answer().response).bodyUsed).toBe(false)
  expect(answers.count).toBe(0)
})
