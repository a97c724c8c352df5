/** What is said of folders that a project follows. `folders-de.ts` has the same keys. */
export const folders = {
  error: {
    'path-too-long': 'The path of the file is too long. Put it less deep, or shorten the names of its folders.',
    'folder-not-found': 'This project does not follow such a folder (any more): {{id}}',
    'folder-not-absolute': 'Say the whole path of the folder, from the disk or the slash on: {{folder}} is not one.',
    'folder-missing':
      'The folder {{folder}} is not there. Its documents stay; as soon as it is back (a drive connected, a network reached), Cloister goes on by itself.',
    'folder-unreadable':
      'The folder {{folder}} cannot be read: the permission is missing, or its disk reports an error. Its documents stay; Cloister goes on by itself when it can be read.',
    'folder-no-folder': '{{folder}} is no folder.',
    'folder-replaced':
      'There is another folder now in the place of {{folder}}: most likely its disk is not connected. The documents stay; as soon as the folder is back, Cloister goes on by itself.',
    'folder-empty':
      'The folder {{folder}} lies on another machine and is suddenly empty. The documents stay; as soon as files are there again, Cloister goes on by itself.',
    'folder-silent':
      'The folder {{folder}} does not answer: its drive, or the machine it lies on, hangs. Its documents stay, and other folders go on; as soon as it answers, Cloister goes on by itself.',
    'folder-part-missing':
      'The file is not there, nor is the disk that it lay on. Its document stays until that disk is back.',
    'file-gone':
      'The file is missing, as are many others since the same moment. Its document stays until the file is back, or until you say that it may go.',
    'file-awaited': 'The file is missing. Its document stays until the file is back, as you wished.',
    'missing-more':
      'More files are missing than you were asked about: {{files}} of {{known}} by now. No document went to the trash. See which they are, and decide again.',
    'folder-overlaps':
      'This project follows {{other}} already; one of the two folders lies in the other. Follow the outer one alone.',
    'folders-off':
      'Folders cannot be followed here: this server has several users or a PostgreSQL database, and folders are those of its machine. Add files instead.',
    'watch-limit':
      'The system watches no more folders at once, so changes in this one are looked for now and then only. On Linux, fs.inotify.max_user_watches sets the limit.',
  },
  command: {
    folders: 'see and manage the folders that a project follows',
    'folders-list': 'all folders that the project follows',
    'folders-follow': 'follow a folder: what changes in it, changes in the project',
    'folders-missing': 'say what is to become of documents whose files are missing',
    'folders-unfollow': 'follow a folder no more',
    folderPath: 'folder',
    folderNamed: 'folder, or the id of one that is followed',
  },
  help: {
    ignore: 'leave this out, as a line of a .gitignore says it; may be given several times',
    keepDocuments: 'its documents stay in the project',
    awaitDocuments: 'its documents go on waiting for their files',
    trashDocuments: 'its documents go to the trash',
  },
  cli: {
    none: 'This project follows no folder.',
    path: 'Folder',
    state: 'State',
    files: 'Documents',
    problems: 'Problems',
    unsupported: 'Other types',
    states: {
      looking: 'is being looked through',
      following: 'up to date',
      asking: 'files are missing',
      paused: 'waits',
      leaving: 'its documents go to the trash',
      resting: 'followed while “cloister serve” runs',
    },
    missing:
      '{{files}} of {{known}} files are missing, since {{since}}. Their documents stay; when the files are back, Cloister goes on by itself.',
    missingAsk: 'If they were deleted on purpose: “cloister folders missing DIR --trash-documents”.',
    awaited: 'The documents of missing files go on waiting: {{path}}',
    removed: 'The documents of files that are missing go to the trash: {{path}}',
    followed: 'Followed now: {{path}}',
    later: 'While “cloister serve” runs, changes in it are taken up within seconds.',
    kept: 'Not followed any more: {{path}}. Its documents stay.',
    trashed: 'Not followed any more: {{path}}. Its documents go to the trash.',
    choose: 'Say --keep-documents or --trash-documents: whether its documents stay, or go to the trash.',
    ask: 'Keep its documents? [yes/no] ',
  },
}
