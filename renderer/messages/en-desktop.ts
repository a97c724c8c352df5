/** What the screen says in the window of the desktop alone. There nobody starts a server, and there is no browser. */
export const desktop = {
  unreachable:
    'The part of Cloister that works in the background does not answer just now. It is being started again; try again in a moment.',
  unauthorized: 'Cloister does not know this window any more. Quit Cloister and open it again.',
  partFailed: 'This part of the window could not be loaded. Load it anew.',
  reload: 'Load anew',
  system: 'As the system',
  starting:
    'The part of Cloister that works in the background has ended and is being started again. Nothing that was stored is lost; it goes on by itself.',
  failed: 'The part of Cloister that works in the background cannot be started. {{reason}}',
  safeMode: 'Cloister was started with care. {{reason}}',
  notRead: 'Files cannot be added to “{{project}}”: you may read there only.',
}
