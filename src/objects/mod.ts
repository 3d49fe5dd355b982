export type { CountedObjectStore, ObjectCounts, ObjectOperation } from './counts.ts';
export { openDirectoryStore, type DirectoryStoreOptions } from './directory.ts';
export { checkKey, keyBytesMax } from './keys.ts';
export type { ObjectStore } from './port.ts';
export { openS3Store, type S3StoreOptions } from './s3.ts';
export { LocalReader } from './local-reader.ts';
