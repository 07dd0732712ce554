/** Files and standard streams. Output appears whole or not at all: it is written beside its place and then renamed. */
import { randomBytes } from 'node:crypto';
import { unlinkSync } from 'node:fs';
import { open, readFile, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SlicerError } from '../codec/errors.js';

/** The name that stands for a standard stream. */
export const STANDARD = '-';

/** All bytes of a file, or of standard input for `-`. */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    if (path === STANDARD) {
      const pieces: Buffer[] = [];
      for await (const piece of process.stdin) pieces.push(piece as Buffer);
      return Buffer.concat(pieces);
    }
    return await readFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_FS_FILE_TOO_LARGE' || code === 'ERR_OUT_OF_RANGE') {
      const advice = 'Files of 2 GiB and more cannot be read in one piece: split the array.';
      throw new SlicerError('limit_exceeded', `${path} is too large: ${message}`, { advice, cause: error });
    }
    throw ioError('read', path, error);
  }
}

/** Writes the pieces one after the other to a file, or to standard output for `-`. */
export async function writeOutput(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  try {
    if (path === STANDARD) {
      for (const piece of pieces) await writeAll(process.stdout, piece);
      return;
    }
    const place = await placeOf(path);
    // Pipes and devices are written to, never replaced.
    if (place.direct) await writeDirectly(place.path, pieces);
    else await writeBeside(place.path, place.mode, pieces);
  } catch (error) {
    throw ioError('write', path, error);
  }
}

async function placeOf(path: string): Promise<{ path: string; direct: boolean; mode: number | undefined }> {
  try {
    const real = await realpath(path);
    const info = await stat(real);
    return { path: real, direct: !info.isFile(), mode: info.mode };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return { path, direct: false, mode: undefined };
  }
}

async function writeDirectly(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'w');
  try {
    for (const piece of pieces) await file.writeFile(piece);
  } finally {
    await file.close();
  }
}

async function writeBeside(path: string, mode: number | undefined, pieces: readonly Uint8Array[]): Promise<void> {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.part`);
  const clean = () => {
    unlinkSync(beside);
    process.exit(130);
  };
  const file = await open(beside, 'wx');
  process.once('SIGINT', clean);
  process.once('SIGTERM', clean);
  try {
    try {
      for (const piece of pieces) await file.writeFile(piece);
      if (mode !== undefined) await file.chmod(mode & 0o777);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
  } catch (error) {
    await unlink(beside).catch(() => {});
    throw error;
  } finally {
    process.off('SIGINT', clean);
    process.off('SIGTERM', clean);
  }
}

function writeAll(stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> {
  return new Promise((done, failed) => {
    stream.write(bytes, (error) => (error ? failed(error) : done()));
  });
}

function ioError(verb: string, path: string, error: unknown): SlicerError {
  const { code, message } = error as NodeJS.ErrnoException;
  const where = path === STANDARD ? `standard ${verb === 'read' ? 'input' : 'output'}` : path;
  const why = code === 'ENOENT' ? 'there is no such file or folder' : code === 'EISDIR' ? 'it is a folder' : message;
  const advice = `Check the path, and that you may ${verb} there.`;
  return new SlicerError('io_error', `Cannot ${verb} ${where}: ${why}.`, { advice, cause: error });
}
