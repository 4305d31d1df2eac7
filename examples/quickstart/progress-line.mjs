// One line that shows how far the training is: redrawn on a terminal, a plain line now and then elsewhere.

/** @param total - steps to go */
export function progressLine(total) {
  const started = performance.now();
  const stream = process.stdout;

  function show(done, note) {
    const left = (((performance.now() - started) / done) * (total - done)) / 1000;
    const time = `${Math.floor(left / 60)}:${String(Math.floor(left % 60)).padStart(2, '0')} left`;
    const line = `step ${String(done).padStart(String(total).length)} of ${total}  ${note}  ${time}`;
    if (stream.isTTY) {
      const filled = Math.round((24 * done) / total);
      stream.write(`\r[${'█'.repeat(filled)}${'·'.repeat(24 - filled)}] ${line}\x1b[K`);
    } else if (done === 1 || done % Math.ceil(total / 20) === 0) {
      stream.write(`${line}\n`);
    }
  }

  function end() {
    if (stream.isTTY) stream.write('\n');
  }

  return { show, end };
}
