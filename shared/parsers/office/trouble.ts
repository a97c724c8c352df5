export { createTrouble, segmentsWith, type Trouble } from '../trouble.ts'
