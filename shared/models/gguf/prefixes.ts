/** What goes before a text so that an embedding model knows a question from a passage. */
export interface Prefixes {
  queryPrefix: string
  passagePrefix: string
}

const NONE: Prefixes = { queryPrefix: '', passagePrefix: '' }
const TASK = 'Given a web search query, retrieve relevant passages that answer the query'
const REPRESENT = 'Represent this sentence for searching relevant passages: '

/**
 * The first that matches holds. Each as its maker's model card says, for questions and passages; the card is named beside.
 * Names are compared in small letters with `-` between their parts.
 */
const FAMILIES: readonly (readonly [name: RegExp, Prefixes])[] = [
  // huggingface.co/intfloat/multilingual-e5-large-instruct, intfloat/e5-mistral-7b-instruct
  [/\be5-.*instruct/, { queryPrefix: `Instruct: ${TASK}\nQuery: `, passagePrefix: '' }],
  // huggingface.co/intfloat/multilingual-e5-small, intfloat/e5-base-v2
  [/\be5\b/, { queryPrefix: 'query: ', passagePrefix: 'passage: ' }],
  // huggingface.co/Qwen/Qwen3-Embedding-0.6B (no space after “Query:”)
  [/\bqwen3-embedding/, { queryPrefix: `Instruct: ${TASK}\nQuery:`, passagePrefix: '' }],
  // huggingface.co/Alibaba-NLP/gte-Qwen2-1.5B-instruct
  [/\bgte-qwen/, { queryPrefix: `Instruct: ${TASK}\nQuery: `, passagePrefix: '' }],
  // huggingface.co/google/embeddinggemma-300m
  [/\bembedding-?gemma/, { queryPrefix: 'task: search result | query: ', passagePrefix: 'title: none | text: ' }],
  // huggingface.co/nomic-ai/nomic-embed-text-v1.5, -v2-moe
  [/\bnomic-embed/, { queryPrefix: 'search_query: ', passagePrefix: 'search_document: ' }],
  // huggingface.co/BAAI/bge-m3: no instruction needed
  [/\bbge-m3/, NONE],
  // huggingface.co/BAAI/bge-small-zh-v1.5
  [/\bbge-.*zh/, { queryPrefix: '为这个句子生成表示以用于检索相关文章：', passagePrefix: '' }],
  // huggingface.co/BAAI/bge-small-en-v1.5
  [/\bbge-/, { queryPrefix: REPRESENT, passagePrefix: '' }],
  // huggingface.co/Snowflake/snowflake-arctic-embed-l-v2.0
  [/\barctic-embed.*v2/, { queryPrefix: 'query: ', passagePrefix: '' }],
  // huggingface.co/Snowflake/snowflake-arctic-embed-s
  [/\barctic-embed/, { queryPrefix: REPRESENT, passagePrefix: '' }],
  // huggingface.co/mixedbread-ai/deepset-mxbai-embed-de-large-v1
  [/\bmxbai-embed-de/, { queryPrefix: 'query: ', passagePrefix: 'passage: ' }],
  // huggingface.co/mixedbread-ai/mxbai-embed-large-v1, WhereIsAI/UAE-Large-V1
  [/\bmxbai-embed|\buae-large/, { queryPrefix: REPRESENT, passagePrefix: '' }],
  // huggingface.co/jinaai/jina-embeddings-v3, config_sentence_transformers.json
  [
    /\bjina-embeddings-v3/,
    {
      queryPrefix: 'Represent the query for retrieving evidence documents: ',
      passagePrefix: 'Represent the document for retrieval: ',
    },
  ],
  // jinaai/jina-embeddings-v2-base-de, thenlper/gte-base, ibm-granite/granite-embedding, sentence-transformers/*: none
]

/** By the names a model goes by, the most telling first; a model nobody knows gets none. */
export function prefixesOf(names: readonly string[]): Prefixes {
  for (const name of names) {
    const plain = name.toLowerCase().replace(/[\s_./]+/g, '-')
    const family = FAMILIES.find(([pattern]) => pattern.test(plain))
    if (family) return family[1]
  }
  return NONE
}
