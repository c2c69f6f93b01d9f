export function describeFileError(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const meanings: Readonly<Record<string, string>> = {
    ENOENT: "no such file or folder",
    EACCES: "the user who runs this has no permission",
    EPERM: "the system does not permit it",
    EISDIR: "it is a folder",
    ELOOP: "a symbolic link is not followed here, or leads nowhere",
  };
  if (code === undefined) return message;
  return meanings[code] ? `${code}: ${meanings[code]}` : code;
}
