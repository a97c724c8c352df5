/** Single requests to an S3-compatible store: with time limits, tried again, and failing in our words. */
import { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { AppError, toAppError } from '../errors.ts'
import type { Time } from '../ports.ts'

export interface S3Place {
  /** `https://host[:port]`; without, Amazon's own for the region. */
  endpoint?: string
  region: string
  bucket: string
  /** In front of every key: several installations may share a bucket. */
  prefix: string
  accessKeyId: string
  secretAccessKey: string
  /** `https://host/bucket/key`, as most stores but Amazon's expect it, instead of `https://bucket.host/key`. */
  pathStyle: boolean
}

/** Milliseconds. */
export interface S3Times {
  /** Until a small request is answered. */
  answer: number
  /** Until one is answered that carries bytes, or has the store move them. */
  transfer: number
  /** While a file comes, until its next bytes do. */
  silence: number
}

/**
 * A small request of three tries takes 16 s at most, so that what waits for it (a transaction, when a document is added)
 * does not wait for long. 5 MiB in two minutes are 45 kB/s.
 */
const usual: S3Times = { answer: 5000, transfer: 120_000, silence: 15_000 }
const connectTime = 4000
export const attempts = 3
/** S3's own limit for what is copied with one request. */
const mostCopied = 5 * 1024 ** 3

export interface StoredObject {
  size: number
  /** Whether we wrote it as this blob. */
  ours: boolean
  modified: Time
}

export interface Part {
  PartNumber: number
  ETag: string | undefined
}

export type S3Requests = ReturnType<typeof createRequests>

/**
 * All throw `blob-store-unreachable`, `blob-store-refused`, `blob-store-missing`, `blob-store-full`, and `cancelled` with
 * the signal.
 */
export function createRequests(place: S3Place, times: Partial<S3Times> = {}) {
  const { answer, transfer, silence } = { ...usual, ...times }
  const { bucket: Bucket } = place
  const folder = place.prefix.replace(/^\/+|\/+$/g, '')
  const prefix = folder && `${folder}/`
  const client = open(place, answer)
  /** As in a folder of blobs: one can be copied to the other as it is. */
  const keyOf = (hash: string) => `${prefix}${hash.slice(0, 2)}/${hash.slice(2)}`

  async function run<T>(request: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      signal?.throwIfAborted()
      return await request()
    } catch (error) {
      if (signal?.aborted) throw new AppError('cancelled')
      throw storeError(error, Bucket)
    }
  }
  /** Once more where the bytes did not arrive as they were sent: the SDK takes that for the caller's fault. */
  async function whole<T>(send: () => Promise<T>): Promise<T> {
    return send().catch(error => {
      if (error instanceof AppError && spoilt.test(String(error.values.detail))) return send()
      throw error
    })
  }
  const quick = (abortSignal?: AbortSignal) => ({ ...(abortSignal && { abortSignal }), requestTimeout: answer })
  const long = (abortSignal?: AbortSignal) => ({ ...(abortSignal && { abortSignal }), requestTimeout: transfer })

  /** Whether the bucket is there and may be used; throws otherwise. */
  const probe = () => run(() => client.send(new ListObjectsCommand({ Bucket, Prefix: prefix, MaxKeys: 1 }), quick()))

  async function head(hash: string, signal?: AbortSignal): Promise<StoredObject | undefined> {
    return run(async () => {
      try {
        const found = await client.send(new HeadObjectCommand({ Bucket, Key: keyOf(hash) }), quick(signal))
        return {
          size: found.ContentLength ?? 0,
          ours: found.Metadata?.sha256 === hash,
          modified: found.LastModified?.getTime() ?? 0,
        }
      } catch (error) {
        if (statusOf(error) !== 404) throw error
        return undefined
      }
    }, signal)
  }

  return {
    probe,
    head,
    /** As `head`; where the object is not there, makes sure that the bucket is: the answer tells no difference. */
    async find(hash: string): Promise<StoredObject | undefined> {
      const found = await head(hash)
      if (!found) {
        await run(async () => {
          try {
            await client.send(new HeadBucketCommand({ Bucket }), quick())
          } catch (error) {
            throw statusOf(error) === 404 ? new AppError('blob-store-missing', { bucket: Bucket }) : error
          }
        })
      }
      return found
    },

    /** Has the store count it as new; whether it did. */
    async refresh(hash: string, { size, modified }: StoredObject, signal?: AbortSignal): Promise<boolean> {
      if (size > mostCopied) return false
      try {
        const copied = await client.send(
          new CopyObjectCommand({
            Bucket,
            Key: keyOf(hash),
            CopySource: `${Bucket}/${encodeURI(keyOf(hash))}`,
            MetadataDirective: 'REPLACE',
            Metadata: { sha256: hash },
          }),
          long(signal),
        )
        return (copied.CopyObjectResult?.LastModified?.getTime() ?? 0) > modified
      } catch {
        // Not every store copies onto itself. Whatever else is wrong shows when the bytes are sent.
        return false
      }
    },

    async put(hash: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void> {
      const object = { Bucket, Key: keyOf(hash), Metadata: { sha256: hash }, Body: bytes }
      await whole(() => run(() => client.send(new PutObjectCommand(object), long(signal)), signal))
    },

    async beginParts(hash: string, signal?: AbortSignal): Promise<string> {
      const object = { Bucket, Key: keyOf(hash), Metadata: { sha256: hash } }
      const begun = await run(() => client.send(new CreateMultipartUploadCommand(object), quick(signal)), signal)
      if (!begun.UploadId) throw new AppError('blob-store-unreachable', { detail: 'no upload' })
      return begun.UploadId
    },
    async putPart(
      hash: string,
      UploadId: string,
      number: number,
      Body: Uint8Array,
      signal?: AbortSignal,
    ): Promise<Part> {
      const part = { Bucket, Key: keyOf(hash), UploadId, PartNumber: number, Body }
      const send = () => run(() => client.send(new UploadPartCommand(part), long(signal)), signal)
      const { ETag } = await whole(send)
      return { PartNumber: number, ETag }
    },
    async endParts(hash: string, UploadId: string, Parts: Part[], signal?: AbortSignal): Promise<void> {
      const upload = { Bucket, Key: keyOf(hash), UploadId, MultipartUpload: { Parts } }
      await run(() => client.send(new CompleteMultipartUploadCommand(upload), long(signal)), signal)
    },
    async dropParts(hash: string, UploadId: string): Promise<void> {
      await run(() => client.send(new AbortMultipartUploadCommand({ Bucket, Key: keyOf(hash), UploadId }), quick()))
    },

    /** The bytes from this one on, for as long as the connection lasts; `tag` names the state of the object they belong to. */
    async get(hash: string, from: { at: number; tag?: string }, signal: AbortSignal) {
      const range = from.at > 0 && { Range: `bytes=${from.at}-`, ...(from.tag && { IfMatch: from.tag }) }
      const found = await client.send(new GetObjectCommand({ Bucket, Key: keyOf(hash), ...range }), quick(signal))
      if (!(found.Body instanceof Readable)) throw new AppError('blob-store-unreachable', { detail: 'no bytes' })
      // A store that knows no ranges begins at the beginning.
      const start = Number(/^bytes (\d+)-/.exec(found.ContentRange ?? '')?.[1] ?? 0)
      return { body: found.Body, start, ...(found.ETag && { tag: found.ETag }) }
    },

    async remove(hash: string): Promise<void> {
      await run(() => client.send(new DeleteObjectCommand({ Bucket, Key: keyOf(hash) }), quick()))
    },

    /**
     * The older of the two calls for this: it goes on behind a key, which every store understands; the tokens of the newer
     * one gain nothing here.
     */
    async *list(pageSize = 1000): AsyncGenerator<{ hash: string; modified: Time }> {
      for (let Marker = ''; ; ) {
        const request = new ListObjectsCommand({ Bucket, Prefix: prefix, MaxKeys: pageSize, ...(Marker && { Marker }) })
        const { Contents = [], IsTruncated } = await run(() => client.send(request, quick()))
        for (const { Key = '', LastModified } of Contents) {
          const rest = Key.slice(prefix.length)
          if (/^[0-9a-f]{2}\/[0-9a-f]{62}$/.test(rest))
            yield { hash: rest.replace('/', ''), modified: LastModified?.getTime() ?? 0 }
        }
        const last = Contents.at(-1)?.Key
        if (!IsTruncated || last === undefined || last <= Marker) return
        Marker = last
      }
    },
    silence,
    failed: (error: unknown) => storeError(error, Bucket),
    close: () => client.destroy(),
  }
}

/** Everything is said here, so that nothing is looked up in the environment or the home folder. */
function open(place: S3Place, answer: number): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey, pathStyle } = place
  if (endpoint !== undefined && !isAddress(endpoint)) throw new AppError('blob-store-refused', { detail: 'endpoint' })
  return new S3Client({
    ...(endpoint === undefined ? { ignoreConfiguredEndpointUrls: true } : { endpoint }),
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: pathStyle,
    maxAttempts: attempts,
    retryMode: 'standard',
    defaultsMode: 'standard',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    useArnRegion: false,
    // The SDK would add CRC-32 sums, which other stores do not all know and some refuse. Bodies are handed over whole, so
    // each request is signed together with the SHA-256 of its body, which every store checks; and what comes back is
    // checked against the hash it is called by.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: Math.min(connectTime, answer),
      requestTimeout: answer,
      throwOnRequestTimeout: true,
    },
  })
}

/** With a name in front of the host it would carry a secret into every message about it. */
function isAddress(endpoint: string): boolean {
  const address = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  return address !== undefined && /^https?:$/.test(address.protocol) && !address.username && !address.password
}

function statusOf(error: unknown): number | undefined {
  const status = metadataOf(error)?.httpStatusCode
  return typeof status === 'number' ? status : undefined
}

function metadataOf(error: unknown): { httpStatusCode?: unknown } | undefined {
  const found = error instanceof Error && '$metadata' in error ? error.$metadata : undefined
  return typeof found === 'object' && found !== null ? found : undefined
}

/** The object is not there. */
export function isAbsent(error: AppError): boolean {
  return says(error, /^(?:NoSuchKey|NotFound|HTTP 404)$/)
}

/** It is not the one any more that was begun with. */
export function isOther(error: AppError): boolean {
  return says(error, /^(?:PreconditionFailed|InvalidRange|HTTP 41[26])$/)
}

function says({ code, values }: AppError, detail: RegExp): boolean {
  return code === 'blob-store-refused' && detail.test(String(values.detail))
}

const full =
  /^(?:XMinioStorageFull|QuotaExceeded|InsufficientStorage|BucketQuotaExceeded|XMinioAdminBucketQuotaExceeded)$/
const passing: ReadonlySet<number> = new Set([408, 425, 429])
/** Under a status that says it is our fault: what came was not what had been signed, or not all of it. It may be the way there. */
const spoilt = /^(?:XAmzContentSHA256Mismatch|BadDigest|IncompleteBody|RequestTimeout)$/

/**
 * The SDK's errors repeat what they were answered, and that repeats keys and signed text: only their name and the status
 * go on from here, never the error itself.
 */
function storeError(error: unknown, bucket: string): AppError {
  if (error instanceof AppError) return error
  const name = error instanceof Error && /^[A-Za-z0-9_-]{1,60}$/.test(error.name) ? error.name : 'Error'
  const status = statusOf(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
  const cause = new Error(`S3: ${[name, code, status].filter(Boolean).join(' ')}`)
  if (name === 'NoSuchBucket') return new AppError('blob-store-missing', { bucket }, { cause })
  if (status === 507 || full.test(name)) return new AppError('blob-store-full', {}, { cause })
  if (spoilt.test(name)) return new AppError('blob-store-unreachable', { detail: name }, { cause })
  if (status !== undefined && status >= 300 && status < 500 && !passing.has(status)) {
    const said = /^(?:Error|Unknown|UnknownError|\d+)$/.test(name) ? `HTTP ${status}` : name
    return new AppError('blob-store-refused', { detail: said }, { cause })
  }
  if (status !== undefined && status >= 300)
    return new AppError('blob-store-unreachable', { detail: `HTTP ${status}` }, { cause })
  // Everything else that the SDK or a connection throws: no answer, or one that is none of such a store.
  const ofTheSdk = metadataOf(error) !== undefined || (error instanceof Error && '$response' in error)
  if (
    ofTheSdk ||
    name === 'TimeoutError' ||
    (code && /^(?:E[A-Z_]+|ERR_(?:SSL|TLS|STREAM)\w*|[A-Z_]*CERT[A-Z_]*)$/.test(code))
  )
    return new AppError('blob-store-unreachable', { detail: code ?? name }, { cause })
  return toAppError(error)
}
