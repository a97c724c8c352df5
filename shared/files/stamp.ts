/** `20261122T081500000Z`: a time in names of files, which sort by it. */
export const stampOf = (time: number) => new Date(time).toISOString().replaceAll(/[-:.]/g, '')
