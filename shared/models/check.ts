import type { ModelFile } from './protocol.ts'
export async function checkFile(_file: ModelFile): Promise<void> {}
