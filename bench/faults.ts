/**
 * Every call of the database and of the store of blobs fails once in a small ingestion, with one kind of error after the
 * other (`--each`: with each kind, before and after it took effect, alone and as the first of eight: some 12,000 rounds).
 */
import { prepareIngestion } from '../tests/faults/ingestion.ts'
import { faultsOf, runFaults } from '../tests/faults/sample.ts'
import { atLeast, atMost, type Bench, told } from './figure.ts'

export const bench: Bench = async ({ note, args }) => {
  const numberAfter = (option: string) => Number(args[args.indexOf(option) + 1])
  const step = args.includes('--step') ? numberAfter('--step') || 1 : 1
  const options = { step, each: args.includes('--each') }
  const ingestion = await prepareIngestion()
  try {
    const inside = faultsOf(ingestion.calls, options)
    const opening = faultsOf(ingestion.openingCalls, options)
    note(
      `${ingestion.calls} calls of an ingestion, ${ingestion.openingCalls} of opening: ${inside.length + opening.length} rounds`,
    )
    let count = 0
    let sound = 0
    const ended: Parameters<typeof runFaults>[2] = {
      lanes: 4,
      ended(fault, { failed, told, problems }) {
        count += 1
        if (problems.length === 0) sound += 1
        if (problems.length > 0 || count % 50 === 0) {
          note(
            `${count}: ${JSON.stringify(fault)} at “${failed[0] ?? 'nothing'}”: ${told.join(', ')} ${problems.join('; ')}`,
          )
        }
      },
    }
    const first = await runFaults(inside, ingestion.round, ended)
    const second = await runFaults(opening, ingestion.openingRound, ended)
    const rounds = inside.length + opening.length
    return [
      told('calls of an ingestion that nothing disturbs', ingestion.calls, ''),
      told('calls that failed on purpose', first.injected + second.injected, ''),
      atLeast('rounds after which everything was there, once and equal', sound, `of ${rounds}`, rounds),
      atMost('problems', first.problems.length + second.problems.length, '', 0),
    ]
  } finally {
    await ingestion.close()
  }
}
