import { expect, test } from 'vitest'
import { dataFolderOf, userDataOf, wordsForWindow, wordsToRepeat } from './start-options.ts'

const application = '/src/dist/app'
const words = (argv: readonly string[], data?: string) => wordsForWindow(argv, { application, data, cwd: '/home/a' })

test('the library is named by either way of writing it', () => {
  expect(dataFolderOf(['cloister', '--data', 'books'], {}, '/home/a')).toBe('/home/a/books')
  expect(dataFolderOf(['cloister', '--data=/b'], {}, '/home/a')).toBe('/b')
  expect(dataFolderOf(['cloister', 'a.pdf'], {}, '/home/a')).toBeUndefined()
  expect(userDataOf('/c', undefined)).toBe('/c')
  expect(userDataOf('/c', '/b')).toMatch(/^\/c-[\da-f]{8}$/)
})

test('the library is named by the environment, too, unless the command line does', () => {
  const environment = { CLOISTER_DATA: 'books' }
  expect(dataFolderOf(['cloister', 'a.pdf'], environment, '/home/a')).toBe('/home/a/books')
  expect(dataFolderOf(['cloister', '--data=/b'], environment, '/home/a')).toBe('/b')
  expect(dataFolderOf(['cloister'], { CLOISTER_DATA: '' }, '/home/a')).toBeUndefined()
})

test('what is for the window is neither the program, nor the application, nor the library', () => {
  expect(words(['/opt/cloister', 'a.pdf', 'cloister://ask?q=b'])).toEqual(['a.pdf', 'cloister://ask?q=b'])
  expect(words(['electron', '--inspect=0', '/src/dist/app', 'a.pdf'])).toEqual(['--inspect=0', 'a.pdf'])
  expect(words(['/opt/cloister', '--data=/b'], '/b')).toEqual([])
  expect(words(['electron', '../../src/dist/app', '--data', 'books', 'a.pdf'], '/home/a/books')).toEqual(['a.pdf'])
})

test('also of a second start, whose options Chromium has put first', () => {
  expect(words(['electron', '--data', '--flag', '/src/dist/app', 'a.pdf', 'books'], '/home/a/books')).toEqual([
    '--flag',
    'a.pdf',
  ])
})

test('a start after this one is not handed the same files and links again', () => {
  const repeated = (argv: readonly string[], data?: string) =>
    wordsToRepeat(argv, { application, data, cwd: '/home/a' })
  expect(repeated(['/opt/cloister', 'a.pdf', 'cloister://ask?q=b', '--flag'])).toEqual(['--flag'])
  expect(repeated(['electron', '../../src/dist/app', '--data', 'books', 'a.pdf'], '/home/a/books')).toEqual([
    '../../src/dist/app',
    '--data',
    'books',
  ])
  expect(repeated(['/opt/cloister', '--data=/b', '--', '--a.pdf'], '/b')).toEqual(['--data=/b'])
})
