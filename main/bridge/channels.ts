/** Of Electron's messages between the processes; there are no others. */
export const callChannel = 'cloister:call'
export const messageChannel = 'cloister:message'
