/** English texts. `de.ts` has the same keys; a test compares the placeholders. */
export const en = {
  error: {
    duplicate: 'Already in this project as “{{file}}”.',
    'empty-file': 'The file is empty.',
    'unsupported-type': 'This type of file cannot be read yet. PDF, Markdown and plain text can.',
    'type-mismatch':
      'The name ends in “{{extension}}”, but the content is something else. Rename the file to its true type.',
    'too-large': 'The file is larger than the limit of {{limit}} MB.',
    'too-many-pages': 'The document has more than {{limit}} pages. Split it into parts.',
    'password-protected': 'The document is protected by a password. Save a copy without it and add that.',
    damaged: 'The file is damaged and cannot be read. Open it in its own program, save it anew and add that.',
    'pages-unreadable_one': 'Page {{pages}} could not be read; the rest was.',
    'pages-unreadable_other': '{{count}} pages could not be read ({{pages}}); the rest was.',
    'pages-without-text_one': 'Page {{pages}} has no text (probably an image) and cannot be found by its words.',
    'pages-without-text_other':
      '{{count}} pages have no text ({{pages}}; probably images) and cannot be found by their words.',
    'no-text':
      'The document holds no text, as a scan does. Text recognition is not there yet; add a version with a text layer.',
    'text-cut': 'The text is longer than can be kept; its end is missing. Split the file into parts.',
    'parser-timeout':
      'Reading took too long without getting any further and was stopped. Save the file anew in its own program, or split it.',
    'parser-memory': 'Reading took more memory than allowed and was stopped. Split the file into parts.',
    'parser-crashed': 'The file made the reader fail. Save it anew in its own program and add that.',
    'blob-missing': 'The stored file is missing from the data directory. Add it again.',
    'file-missing': 'There is no such file or folder: {{file}}',
    'file-unreadable': 'No permission to read {{file}}.',
    'file-changed': 'The file changed while it was being read. Add it again.',
    'hidden-file': 'Hidden files are left out.',
    'symbolic-link': 'Links to other places are left out.',
    'project-not-found': 'There is no project “{{name}}”.',
    'document-not-found': 'There is no document “{{id}}” in this project.',
    'chat-not-found': 'There is no chat “{{id}}” in this project.',
    'project-exists': 'There is a project “{{name}}” already.',
    'last-project': 'The last project cannot be deleted. Create another one first.',
    'name-invalid': 'A name needs 1 to {{max}} characters, without control characters.',
    'question-empty': 'The question is empty.',
    'question-too-long': 'The question is longer than {{max}} characters. Shorten it.',
    'state-conflict': 'That does not fit “{{name}}” now; its state is: {{state}}.',
    'disk-full': 'The disk is full. Make room and try again; nothing that was stored is lost.',
    'data-directory':
      'The data directory {{folder}} cannot be used ({{detail}}). Choose another one with --data or CLOISTER_DATA.',
    'data-newer':
      'A newer version of Cloister has used this data directory. Use that version, or another data directory.',
    'data-damaged': 'The database is damaged. Its copies lie in the folder “backups” of the data directory.',
    'database-busy': 'Another process keeps the database busy. Try again in a moment.',
    'sqlite-too-old': 'The built-in SQLite {{version}} is too old; {{minimum}} or newer is needed. Run “npm ci”.',
    'eval-set-invalid': '{{file}} is not a question set: {{detail}}',
    usage: '{{detail}}',
    cancelled: 'Stopped.',
    'lease-lost': 'The work went on elsewhere.',
    internal: 'Something went wrong that should not have. The details are in the log.',
  },
  answer: {
    declined: 'I found no answer to this in your documents.',
    empty: 'There are no documents in this project yet.',
  },
} as const
