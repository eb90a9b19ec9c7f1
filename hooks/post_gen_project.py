"""Put what was chosen in its place, say what became of files that were there, and what to do next.

Runs in the project's folder, writes nowhere else and follows no symbolic link; standard library only, and of that what
Python has loaded by itself: importing json and shutil takes longer than all of the work.
"""

import os
import sys

# What slim_answers.py says: a Python literal of checked values.
PLAN = {{0 | plan}}  # noqa: F821
NEW = PLAN["new"]


def made():
    """Return where each new file is, by the path that it gets; both with slashes."""
    files = {}
    tops = {top for top, _ in PLAN["chosen"]}
    for root in [NEW, *(f"{NEW}/{top}/{choice}" for top, choice in PLAN["chosen"])]:
        for folder, folders, names in os.walk(root):
            if folder == NEW:
                folders[:] = [name for name in folders if name not in tops]
            for name in names:
                path = os.path.join(folder, name)
                files[os.path.relpath(path, root).replace(os.sep, "/")] = path
    return dict(sorted(files.items()))


class Folder:
    """A folder below the project's, reached step by step without following a link."""

    # Windows cannot open folders: there each step is looked at instead.
    opens = os.open in os.supports_dir_fd and os.mkdir in os.supports_dir_fd

    def __init__(self, path):
        """Open the folder at `path`, made where it does not exist."""
        self.path, self.fd = ".", os.open(".", os.O_RDONLY) if self.opens else None
        for step in filter(None, path.split("/")):
            self.path = f"{self.path}/{step}"
            try:
                if self.opens:
                    os.mkdir(step, dir_fd=self.fd)
                else:
                    os.mkdir(self.path)
            except FileExistsError:
                pass
            if self.opens:
                above = self.fd
                try:
                    self.fd = os.open(step, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=above)
                finally:
                    os.close(above)
            elif os.path.islink(self.path) or not os.path.isdir(self.path):
                raise NotADirectoryError(self.path)

    def take(self, source, name):
        """Move the file `source` here as `name`; a link of that name is replaced, not followed."""
        if self.opens:
            os.replace(source, name, dst_dir_fd=self.fd)
            os.close(self.fd)
        else:
            os.replace(source, f"{self.path}/{name}")


def text(path):
    """Return a file's bytes."""
    with open(path, "rb") as file:
        return file.read()


def put(files):
    """Move the files into place; return what became of each: added, the same, overwritten, kept or different."""
    became = {}
    for name, source in files.items():
        if os.path.islink(name) or (os.path.lexists(name) and not os.path.isfile(name)):
            raise OSError(f"{os.path.abspath(name)} is no file")
        if not os.path.lexists(name):
            became[name] = "added"
        elif text(name) == text(source):
            became[name] = "the same"
        else:
            became[name] = "different" if PLAN["keep"] else "overwritten"
    for name, source in files.items():
        if became[name] in ("added", "overwritten"):
            folder, _, last = name.rpartition("/")
            Folder(folder).take(source, last)
    return became


def clear():
    """Remove the folder that the service was put together in."""
    for folder, folders, names in os.walk(NEW, topdown=False):
        for name in [*folders, *names]:
            path = os.path.join(folder, name)
            os.remove(path) if os.path.islink(path) or not os.path.isdir(path) else os.rmdir(path)
    os.rmdir(NEW)


def report(files, became):
    """Say what became of the files, where some were there before."""
    lines = [""]
    same = [name for name, what in became.items() if what == "the same"]
    for name, what in became.items():
        if what == "different":
            theirs, yours = text(files[name]), text(name)
            new = {other: other.rpartition("/")[2].encode() for other in became if became[other] == "added"}
            unused = [other for other, called in new.items() if called in theirs and called not in yours]
            lines.append(f"kept         {name}, which differs from the template's")
            if unused:
                lines.append(
                    f"             and does not name {', '.join(unused)}, which the template's does: compare them"
                )
        elif what != "the same":
            lines.append(f"{what:<12} {name}")
    if same:
        lines.append(f"the same     {len(same)} file{'s' if len(same) > 1 else ''}")
    print("\n    ".join(lines))


def repository():
    """Say whether the project's folder is in a git repository."""
    folder = os.getcwd()
    while not os.path.lexists(os.path.join(folder, ".git")):
        folder, below = os.path.dirname(folder), folder
        if folder == below:
            return False
    return True


def start_repository():
    """Make the project a git repository with a first commit; say so where that fails, and go on."""
    import subprocess

    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=A new service"]):
        try:
            subprocess.run(["git", *command], check=True)
        except (OSError, subprocess.CalledProcessError):
            print(f"`git {' '.join(command)}` failed; the service is complete.", file=sys.stderr)
            return


def next_steps(in_repository):
    """Return the commands from here to an answer, and the first edit."""
    image, port = PLAN["slug"], PLAN["port"]
    folder = os.getcwd()
    try:
        folder = min(folder, os.path.relpath(folder, os.environ["PWD"]), key=len)
    except (KeyError, ValueError):  # no POSIX shell; another drive of Windows
        pass
    if not all(letter.isalnum() or letter in "/._-" for letter in folder):
        import shlex

        folder = shlex.quote(folder)
    git = "" if in_repository else '    git init && git add . && git commit -m "A new service"\n'
    return f"""
Next:
    cd {folder}
{git}    docker build --target test .
    docker build -t {image} .
    docker run --rm --init -p {port}:{port} {image}
Then edit {PLAN["routes"]}: the endpoints.
"""


def main():
    """Put the service in its place, or leave what was there as it is."""
    if not os.path.isdir(NEW):
        return  # a second run
    files = made()
    try:
        became = put(files)
        if set(became.values()) != {"added"}:
            report(files, became)
    except OSError as error:
        sys.exit(f"{error}. Something else writes to this folder: find out what, and make the service again.")
    finally:
        clear()
    if (PLAN["git"] or os.environ.get("SLIM_GIT") == "1") and not repository():
        start_repository()
    if PLAN["next"]:
        print(next_steps(repository()))


main()
