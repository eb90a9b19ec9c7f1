#!/bin/sh
# Copies into DEST the shared libraries that programs and native add-ons need and BASE lacks.
#
#     closure.sh DEST BASE PATH...     PATH: a program, a library, or a directory that holds some
#
# Asked of the loader (ldd), never listed by hand: a new dependency needs no edit of the Dockerfile.
# What a program loads later by itself is not seen. In glibc (since 2.34) that is nothing a service
# misses: users, hosts and DNS are looked up inside libc.so.
set -eu
export LC_ALL=C
dest=$1 base=$2
shift 2
for path; do # real paths: find does not follow links, and libraries are told apart by where they are
    set -- "$@" "$(readlink -f "$path")"
    shift
done

# "found PATH" or "missing NAME" for each library of a file. That musl's ldd also lists the symbols
# which an interpreter brings when it loads an add-on ("Error relocating") is no error.
needs() {
    ldd "$1" 2>&1 | sed -n \
        -e 's/^[[:space:]]*\([^ ]*\) => not found.*/missing \1/p' \
        -e 's/^Error loading shared library \([^:]*\):.*/missing \1/p' \
        -e "s/.*: version .\([^']*\). not found (required by .*/missing \1/p" \
        -e 's/^.*[[:space:]]\(\/[^ ]*\) (0x.*/found \1/p'
}

# Packages may carry a second build for the other libc; that one is never loaded here.
for_other_libc() {
    case "$(find /lib/ -maxdepth 1 -name 'ld-musl-*') $2" in
        '/lib/'*'missing ld-linux'*) return 0 ;;
        '/lib/'*) grep -q 'libc\.so\.6' "$1" ;;
        *) grep -q 'libc\.musl-' "$1" ;;
    esac
}

in_base() {
    for dir in "${1%/*}" /lib /lib/*-linux-gnu* /usr/lib /usr/lib/*-linux-gnu*; do
        [ ! -e "$base$dir/${1##*/}" ] || return 0
    done
    return 1
}

copy() {
    name=${1##*/} dir=$(readlink -f "${1%/*}") top=${1#/} top=${top%%/*}
    # /lib is mostly a link to /usr/lib: a real directory laid over it would hide all that is in there.
    # A base that has neither gets the link, since programs name their loader by it.
    case $dir in /lib*) [ ! -L "$base/$top" ] || dir=/usr$dir ;; esac
    mkdir -p "$dest$dir"
    [ ! -L "/$top" ] || [ -e "$base/$top" ] || ln -sfn "$(readlink "/$top")" "$dest/$top"
    cp -L "$1" "$dest$dir/$name"
    chmod 755 "$dest$dir/$name"
    case $dir in
        /lib | /lib64 | /usr/lib | /usr/lib64 | /lib/*-linux-gnu* | /usr/lib/*-linux-gnu*) ;;
        *) mkdir -p "$dest/usr/lib" && ln -sf "$dir/$name" "$dest/usr/lib/" ;; # the image has no ld.so.cache
    esac
}

# Scanners read one file per package here; the licence goes with the library.
record() {
    file=$(readlink -f "$1")
    package=$(dpkg -S "$file" 2>/dev/null || dpkg -S "${file#/usr}" 2>/dev/null) || return 0
    package=${package%%:*} package=${package%%,*}
    mkdir -p "$dest/var/lib/dpkg/status.d" "$dest/usr/share/doc/$package"
    dpkg-query -s "$package" >"$dest/var/lib/dpkg/status.d/$package"
    cp -L "/usr/share/doc/$package/copyright" "$dest/usr/share/doc/$package/" 2>/dev/null || true
}

mkdir -p "$dest"
find "$@" -type f \( -name '*.so' -o -name '*.so.*' -o -name '*.node' -o -perm -100 \) | sort |
    while IFS= read -r file; do
        [ "$(head -c 4 "$file" | tr -d '\0')" = "$(printf '\177ELF')" ] || continue
        list=$(needs "$file")
        case $list in *missing*)
            if for_other_libc "$file" "$list"; then
                echo "closure: passed over $file, which is built for another C library" >&2
                continue
            fi
            list=$(echo "$list" | sed "/^missing/s|\$| $file|") ;;
        esac
        echo "$list"
    done | sort -u |
    while read -r verdict library file; do
        case $verdict in
            missing) # fine if it is bundled: the program loads it before whoever needs it
                [ -n "$(find "$@" -name "$library")" ] || in_base "/lib/$library" || {
                    echo "closure: $file needs $library, which this build image does not have: install the package that brings it in stage deps (RUN apt-get install ...), or take a release of that dependency made for this base." >&2
                    exit 1
                } ;;
            found)
                for path; do # bundled libraries stay where they are
                    case $(readlink -f "$library") in "$path" | "$path"/*) continue 2 ;; esac
                done
                if ! in_base "$library"; then
                    copy "$library"
                    record "$library"
                fi ;;
        esac
    done
