import { silent } from '../../tests/open-store.ts'
import { testFolderWatch } from './contract.ts'
import { createFolderWatch } from './watch.ts'

testFolderWatch('in threads', except => createFolderWatch({ except, log: silent }))
