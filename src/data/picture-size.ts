// The first bytes of a picture file → its format and size, without decoding: what is far too large is refused before
// it takes memory. PNG, JPEG, GIF, WebP and BMP; any other format is the decoder's to judge.

export interface PictureHeader {
  readonly format: 'png' | 'jpeg' | 'gif' | 'webp' | 'bmp';
  /** px, as stored: an EXIF orientation may turn them */
  readonly width: number;
  readonly height: number;
}

/** @returns undefined for other formats, and for headers that break off */
export function readPictureHeader(bytes: Uint8Array): PictureHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const starts = (text: string, at = 0): boolean => {
    for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
    return true;
  };
  if (starts('\x89PNG\r\n\x1a\n') && bytes.length >= 24) {
    return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (starts('\xff\xd8\xff')) return jpegHeader(view);
  if (starts('GIF8') && bytes.length >= 10) {
    return { format: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  if (starts('RIFF') && starts('WEBP', 8) && bytes.length >= 30) return webpHeader(view, starts);
  if (starts('BM') && bytes.length >= 26) {
    // A negative height means rows from the top.
    const [width, height] = [view.getInt32(18, true), view.getInt32(22, true)];
    return { format: 'bmp', width: Math.abs(width), height: Math.abs(height) };
  }
  return undefined;
}

/** Segments are marker, length, data; the size stands in the start of frame (0xc0 … 0xcf but for three tables). */
function jpegHeader(view: DataView): PictureHeader | undefined {
  for (let at = 2; at + 9 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++; // fill byte
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { format: 'jpeg', width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else {
      const length = view.getUint16(at + 2);
      if (length < 2) return undefined;
      at += 2 + length;
    }
  }
  return undefined;
}

function webpHeader(
  view: DataView,
  starts: (text: string, at: number) => boolean,
): PictureHeader | undefined {
  const uint24 = (at: number): number => view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
  if (starts('VP8X', 12)) return { format: 'webp', width: uint24(24) + 1, height: uint24(27) + 1 };
  if (starts('VP8L', 12)) {
    const bits = view.getUint32(21, true);
    return { format: 'webp', width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
  }
  if (starts('VP8 ', 12)) {
    const [width, height] = [view.getUint16(26, true), view.getUint16(28, true)];
    return { format: 'webp', width: width & 0x3fff, height: height & 0x3fff };
  }
  return undefined;
}
