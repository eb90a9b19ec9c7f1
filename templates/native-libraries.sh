{# The language says before the include in which folder its packages are (`packages`). #}
#!/bin/sh
# Part of the template: an update replaces it.
# Copies into DEST the shared libraries that programs and native add-ons need and BASE lacks.
#
#     native-libraries.sh DEST BASE PATH...     PATH: a program, a library, or a directory that holds some
#
# The loader (ldd) names them, no list does: a new dependency needs no edit of the Dockerfile.
# What a program loads later by itself is not seen. In glibc (since 2.34) that is nothing a service
# misses: users, hosts and DNS are looked up inside libc.so.
# What could not work in the image fails here, unless docker/optional-native.txt names it.
set -eu
export LC_ALL=C
dest=$1 base=$2 optional=/docker/optional-native.txt
shift 2
for path; do # real paths: find does not follow links, and libraries are told apart by where they are
    set -- "$@" "$(readlink -f "$path")"
    shift
done

# Word size, byte order and processor of an ELF file for Linux; nothing for a file of another kind. (The eighth byte
# names the operating system: 00 none in particular, 03 Linux.)
machine() {
    od -An -v -tx1 -N20 "$1" | tr -d ' \n' | sed -n 's/^7f454c46\(....\)..0[03].*\(....\)$/\1\2/p'
}
own_machine=$(machine /bin/sh)

# "found PATH" or "missing NAME" for each library of a file, "unresolved" for a symbol. That musl's ldd
# lists the symbols which an interpreter brings when it loads an add-on is no error.
needs() {
    ldd "$1" 2>&1 | sed -n \
        -e 's/^[[:space:]]*\([^ ]*\) => not found.*/missing \1/p' \
        -e 's/^Error loading shared library \([^:]*\):.*/missing \1/p' \
        -e "s/.*: version .\([^']*\). not found (required by .*/missing \1/p" \
        -e 's/^Error relocating .*/unresolved/p' \
        -e 's/^.*[[:space:]]\(\/[^ ]*\) (0x.*/found \1/p'
}

# Whether a file that needs $2 was built for another C library: that of another Linux, or of another system.
for_other_libc() {
    case "$(find /lib/ -maxdepth 1 -name 'ld-musl-*') $2" in
        '/lib/'*'missing ld-linux'*) return 0 ;;
        '/lib/'*missing* | '/lib/'*unresolved*) grep -q 'libc\.so\.[0-9]' "$1" ;;
        *) echo "$2" | grep -qxE 'missing libc\.(so(\.[0-9.]+)?|musl-.*)' ;;
    esac
}

{% if cookiecutter.language == "node" %}
# What an add-on came with. The packages of one scope count as one: often these are builds of one add-on.
{% else %}
# What an add-on came with.
{% endif %}
package_of() {
    case $1 in
        */{{ packages }}/*) name=${1##*/{{ packages }}/} ;;
        *) name=runtime ;;
    esac
    echo "${name%%/*}"
}

is_optional() {
    [ -e "$optional" ] || return 1
    while read -r pattern; do
        # shellcheck disable=SC2254 # a pattern it is
        case $1 in ${pattern:-#}) return 0 ;; esac
    done <"$optional"
    return 1
}

# The folder of what a file came with: its package, or the PATH that it was found below.
folder_of() {
    file=$1
    shift
    case $file in
        */{{ packages }}/*) echo "${file%/{{ packages }}/*}/{{ packages }}/$(package_of "$file")" && return ;;
    esac
    for path; do
        case $file in "$path" | "$path"/*) echo "$path" && return ;; esac
    done
}

{% if cookiecutter.language == "java" %}
# A JDK that shares libraries with its system lacks some here: a service that draws nothing never loads them.
is_for_drawing() {
    case $1 in
        /opt/jvm/*) echo "native-libraries: ${1##*/} of the JVM needs $2: if the service uses it (most often to draw text or images), name the package of $2 in docker/packages.txt" ;;
        *) return 1 ;;
    esac
}

{% endif %}
# Whether a library named $1 is below one of the other paths. Its file may be named without the version that others ask for.
is_bundled() {
    soname=$1
    shift
    [ -n "$(find "$@" -name "$soname")" ] ||
        [ -n "$(find "$@" -type f -name "${soname%%.so*}.so*" -exec grep -lF "$soname" {} +)" ]
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
    mkdir -p "$dest/var/lib/dpkg/status.d" "$dest/usr/share/doc/$1"
    dpkg-query -s "$1" >"$dest/var/lib/dpkg/status.d/$1"
    cp -L "/usr/share/doc/$1/copyright" "$dest/usr/share/doc/$1/" 2>/dev/null || true
}

# The system's package of a file, and what a package consists of: Debian's package manager or Alpine's.
owner() {
    if [ -d /var/lib/dpkg ]; then
        package=$(dpkg -S "$1" 2>/dev/null || dpkg -S "${1#/usr}" 2>/dev/null) || return 0
        package=${package%%:*} && echo "${package%%,*}"
    else
        apk info --no-network --quiet --who-owns "$1" 2>/dev/null | sed -n '1s/-[^-]*-r[0-9]*$//p'
    fi
}
content() {
    if [ -d /var/lib/dpkg ]; then dpkg -L "$1"; else apk info --no-network -qL "$1" | sed 's|^[^/]|/&|'; fi
}
depends() {
    if [ -d /var/lib/dpkg ]; then
        dpkg-query -W -f '${Depends}\n' "$1" | sed 's/[,|] */\n/g' | sed 's/[ :(].*//'
    else
        apk info --no-network -qR "$1" | sed '/:/d; s/[<>=~].*//'
    fi
}

# What a library opens by itself comes with its package: plugins, data, settings. So do packages that it depends on,
# but for those with programs, which a library does not need to work. Not the C library's own: character sets for iconv.
companions() {
    case " $seen " in *" $1 "*) return 0 ;; esac
    seen="$seen $1"
    case $1 in '' | libc6 | musl) return 0 ;; esac
    files=$(content "$1" 2>/dev/null) || return 0
    case $files in */bin/* | */sbin/*) return 0 ;; esac
    for file in $files; do
        case $file in
            */share/doc/* | */share/man/* | */share/lintian/* | */share/locale/* | */include/* | */share/gcc/* | */share/gdb/* | *.a | *.la | *.pc) continue ;;
        esac
        [ -f "$file" ] && [ ! -e "$base$file" ] || continue
        folder=$(readlink -f "${file%/*}")
        [ ! -e "$dest$folder/${file##*/}" ] || continue
        name=${file##*/}
        for copied_before in "$dest$folder/${name%%.so*}".so*; do # by the name that programs ask for
            ! cmp -s "$copied_before" "$file" || continue 2
        done
        mkdir -p "$dest$folder"
        cp -a "$file" "$dest$folder/"
        [ ! -L "$file" ] && [ "$(machine "$file")" = "$own_machine" ] || continue
        needs "$file" | sed -n 's/^found //p' >"$verdicts.plugin"
        while read -r library; do
            in_base "$library" || [ -e "$dest$(readlink -f "${library%/*}")/${library##*/}" ] || copy "$library"
        done <"$verdicts.plugin"
    done
    [ ! -d /var/lib/dpkg ] || record "$1"
    for dependency in $(depends "$1"); do companions "$dependency"; done
}

# refuse WHY LINE: everything is told at once, and each library once.
refused=''
refuse() {
    case " $refused " in *" $2 "*) return 0 ;; esac
    refused="$refused $2"
    echo "native-libraries: $1. If the service does without it, add the line $2 to docker/optional-native.txt." >&2
}

# What docker/packages.txt names is installed here, and all that the installation adds comes along: what is opened by its
# name (fonts, drivers, codecs) or run as a program, too. Not the package manager's own files, and nothing to read.
add() {
    if [ ! -d /var/lib/dpkg ]; then apk add --quiet "$@" && return; fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}
installed() { dpkg-query --show --showformat '${Package}\n' 2>/dev/null | sort; }
files() {
    set -- -path "$dest" -o -path /usr/share/doc -o -path /usr/share/man -o -path /usr/share/info -o -path /usr/share/lintian
    for folder in proc sys dev run tmp root var/cache var/log var/lib/apt var/lib/dpkg lib/apk usr/lib/apk; do
        set -- "$@" -o -path "/$folder"
    done
    find / -xdev \( "$@" -o -name ld.so.cache \) -prune -o ! -type d -print | sort
}
mkdir -p "$dest"
named=$(sed 's/#.*//' /docker/packages.txt 2>/dev/null || true)
if [ -n "$named" ]; then
    before=$(mktemp -d)
    installed >"$before/packages"
    files >"$before/files"
    # shellcheck disable=SC2086 # a list it is
    add $named >"$before/log" 2>&1 || {
        cat "$before/log" >&2
        echo "native-libraries: the packages in docker/packages.txt could not be installed." >&2
        exit 1
    }
    files | comm -13 "$before/files" - | while IFS= read -r file; do
        folder=$dest$(readlink -f "${file%/*}/")
        mkdir -p "$folder" && cp -a "$file" "$folder/"
    done
    installed | comm -13 "$before/packages" - | while read -r package; do record "$package"; done
    set -- "$@" "$dest"
fi

verdicts=$(mktemp)
find "$@" -type f \( -name '*.so' -o -name '*.so.*' -o -name '*.node' -o -perm -100 \) |
    while IFS= read -r file; do
        list='' machine=$(machine "$file")
        [ -n "$machine" ] || continue
        [ "$machine" != "$own_machine" ] || list=$(needs "$file")
        if [ "$machine" != "$own_machine" ] || for_other_libc "$file" "$list"; then
            echo "foreign $(package_of "$file") $file"
        else
            echo "native $(package_of "$file")"
{% if cookiecutter.language == "java" %}
            case $list in *missing*) ;; *) echo "whole $(package_of "$file") ${file##*/}" ;; esac
{% endif %}
            # Told once for all files of a folder: there are thousands.
            echo "$list" | sed -e "/^found /s|\$| $(folder_of "$file" "$@")|" -e "/^missing /s|\$| $file|"
        fi
    done | sort -u >"$verdicts"

copied='' packages='' seen=''
native=$(sed -n 's/^native //p' "$verdicts")
{% if cookiecutter.language == "java" %}
whole=$(sed -n 's/^whole //p' "$verdicts")
{% endif %}
while read -r verdict subject file; do # `found` has the folder in place of the file
    case $verdict in
        foreign) # fine if its package has a build for this machine and libc, too
            echo "$native" | grep -qxF "$subject" || is_optional "$file" ||
                refuse "$subject has native code, and none of it works on this base ($file is made for another machine or C library): take a release made for this one, or another base, as README.md says" "*/$subject*" ;;
        missing) # fine if it is bundled: the program loads it before whoever needs it
            is_bundled "$subject" "$@" || in_base "/lib/$subject" ||
                is_optional "$subject" || is_optional "$file" ||
{% if cookiecutter.language == "java" %}
                is_for_drawing "$file" "$subject" ||
                # Jars carry one library for many systems, and not every file says which: another one of its name works.
                echo "$whole" | grep -qxF "$(package_of "$file") ${file##*/}" ||
{% endif %}
                refuse "$file needs $subject, which this build image does not have: name the package that brings it in docker/packages.txt, or take a release of that dependency made for this base" "$subject" ;;
        found)
            case $copied in *" $subject "*) continue ;; esac
            for path; do # bundled libraries stay where they are
                case $(readlink -f "$subject") in "$path" | "$path"/*) continue 2 ;; esac
            done
            ! in_base "$subject" || continue
            # The loader of this image may find another one of the same name first, such as that of the JDK.
            [ -z "$(find "$file" -name "${subject##*/}")" ] || continue
            copied="$copied $subject "
            copy "$subject"
            package=$(owner "$(readlink -f "$subject")")
            [ -z "$package" ] || [ ! -d /var/lib/dpkg ] || record "$package"
            packages="$packages $package" ;;
    esac
done <"$verdicts"
[ -z "$refused" ] || exit 1
for package in $packages; do companions "$package"; done
{% if cookiecutter.language == "java" %}
[ ! -e /opt/jvm/lib/libfontmanager.so ] || [ -e "$dest/etc/fonts" ] ||
    echo "native-libraries: this image has no fonts. If the service draws text (charts, PDF, widths of columns), name fontconfig and {{ "ttf-dejavu" if cookiecutter.runtime_base == "alpine" else "fonts-dejavu-core" }} in docker/packages.txt."
{% endif %}
rm -f "$verdicts" "$verdicts.plugin"
