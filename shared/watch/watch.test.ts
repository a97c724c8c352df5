import { silent } from '../../tests/open-store.ts'
import { testFolderWatch } from './contract.ts'
import { createFolderWatch } from './watch.ts'

testFolderWatch('chokidar in a thread', except => createFolderWatch({ except, log: silent }))
