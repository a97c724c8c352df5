/** The files of a drop, also those inside folders, with their paths. */
export async function filesOfDrop(transfer: DataTransfer): Promise<{ file: File; name: string }[]> {
  // The list is empty once the event is over: entries are taken out of it before anything is awaited.
  const entries = [...transfer.items].map(item => item.webkitGetAsEntry()).filter(entry => entry !== null)
  if (entries.length === 0) return filesOf([...transfer.files])
  return (await Promise.all(entries.map(entry => filesOfEntry(entry, '')))).flat()
}

/** Of a picker; `webkitRelativePath` is there when a folder was picked. */
export function filesOf(files: readonly File[]): { file: File; name: string }[] {
  return files.map(file => ({ file, name: file.webkitRelativePath || file.name }))
}

async function filesOfEntry(entry: FileSystemEntry, folder: string): Promise<{ file: File; name: string }[]> {
  const name = folder ? `${folder}/${entry.name}` : entry.name
  if (entry.isFile) {
    const file = await new Promise<File | undefined>(resolve =>
      (entry as FileSystemFileEntry).file(resolve, () => resolve(undefined)),
    )
    return file ? [{ file, name }] : []
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const found: { file: File; name: string }[] = []
  // A reader gives a hundred entries at a time, and none at the end.
  for (;;) {
    const entries = await new Promise<FileSystemEntry[]>(resolve => reader.readEntries(resolve, () => resolve([])))
    if (entries.length === 0) return found
    for (const inner of entries) found.push(...(await filesOfEntry(inner, name)))
  }
}

export function holdsFiles(transfer: DataTransfer | null): boolean {
  return transfer?.types.includes('Files') ?? false
}
