// Files that somebody drops.

async function filesOf(dataTransfer) {
  return [...dataTransfer.files].map((file) => ({ file, path: file.name }));
}
