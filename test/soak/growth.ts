/**
 * What a process uses while it lives: memory and open files, by the kernel's own numbers, and whether they grow.
 */
import { readdirSync, readFileSync } from 'node:fs'

/** One look at a process. */
interface Sample {
  /** Seconds since the first look. */
  readonly at: number
  /** Kilobytes that are in memory. */
  readonly resident: number
  readonly files: number
}

/** What many looks have shown. */
export interface Growth {
  readonly samples: number
  readonly firstResident: number
  readonly lastResident: number
  /** Kilobytes a minute, of the second half: in the first the program still loads its parts. */
  readonly residentSlope: number
  readonly mostFiles: number
  /** Files a minute, of the second half. */
  readonly filesSlope: number
}

function look(pid: number, start: number): Sample | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const resident = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN)
    const files = readdirSync(`/proc/${pid}/fd`).length
    return Number.isNaN(resident) ? undefined : { at: (Date.now() - start) / 1000, resident, files }
  } catch {
    return undefined
  }
}

/** The slope of the line through some points, by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (place: 0 | 1): number => points.reduce((sum, point) => sum + point[place], 0) / points.length
  const [middle, height] = [mean(0), mean(1)]
  const over = points.reduce((sum, [x, y]) => sum + (x - middle) * (y - height), 0)
  const under = points.reduce((sum, [x]) => sum + (x - middle) ** 2, 0)
  return under === 0 ? 0 : over / under
}

/** Looks at a process every second until the function that is returned is called. */
export function watchGrowth(pid: number): () => Growth {
  const start = Date.now()
  const samples: Sample[] = []
  const timer = setInterval(() => {
    const sample = look(pid, start)
    if (sample !== undefined) samples.push(sample)
  }, 1000)
  return () => {
    clearInterval(timer)
    const late = samples.slice(Math.floor(samples.length / 2))
    return {
      samples: samples.length,
      firstResident: samples[0]?.resident ?? 0,
      lastResident: samples.at(-1)?.resident ?? 0,
      residentSlope: slope(late.map(({ at, resident }) => [at / 60, resident])),
      mostFiles: Math.max(0, ...samples.map(({ files }) => files)),
      filesSlope: slope(late.map(({ at, files }) => [at / 60, files])),
    }
  }
}
