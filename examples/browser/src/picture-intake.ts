// A picture → what can be sent to the worker. Files go as they are. An SVG is drawn here through an <img>, where browsers run no script and load
// nothing from elsewhere; only its pixels go on.

/** Side of a drawn SVG, px. */
const SVG_SIZE = 512;

export interface Sendable {
  readonly picture: Blob | ImageBitmap;
  readonly transfer: Transferable[];
}

/** @throws Error for an SVG that cannot be drawn */
export async function toTransferable(picture: Blob | ImageBitmap, name: string): Promise<Sendable> {
  if (!(picture instanceof Blob)) return { picture, transfer: [picture] };
  if (!(await isSvg(picture, name))) return { picture, transfer: [] };
  const bitmap = await drawSvg(picture, name);
  return { picture: bitmap, transfer: [bitmap] };
}

async function isSvg(file: Blob, name: string): Promise<boolean> {
  if (file.type === 'image/svg+xml' || /\.svg$/i.test(name)) return true;
  return /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*(<!doctype[^>]*>\s*)?<svg[\s>]/i.test(
    await file.slice(0, 1000).text(),
  );
}

async function drawSvg(file: Blob, name: string): Promise<ImageBitmap> {
  const address = URL.createObjectURL(new Blob([file], { type: 'image/svg+xml' }));
  try {
    const image = new Image(SVG_SIZE, SVG_SIZE);
    image.src = address;
    await image.decode();
    const canvas = document.createElement('canvas');
    const { naturalWidth, naturalHeight } = image;
    const scale = SVG_SIZE / Math.max(naturalWidth, naturalHeight, 1);
    canvas.width = Math.max(1, Math.round((naturalWidth || 1) * scale));
    canvas.height = Math.max(1, Math.round((naturalHeight || 1) * scale));
    const context = canvas.getContext('2d')!; // the first context that is asked for
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    // Refused by the browser where the SVG holds parts of other documents.
    return await createImageBitmap(context.getImageData(0, 0, canvas.width, canvas.height));
  } catch (cause) {
    throw new Error(
      `${name} is an SVG that this browser does not draw, or that holds parts of a web page. Save it as a PNG.`,
      { cause },
    );
  } finally {
    URL.revokeObjectURL(address);
  }
}
