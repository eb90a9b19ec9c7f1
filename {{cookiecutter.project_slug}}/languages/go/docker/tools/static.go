//go:build ignore

// Static says why a service cannot be a static binary, if it cannot. Part of the template: an update replaces it.
//
//	static packages MAIN TAGS       before compiling: packages that are nothing but a stub without their C code
//	static hint MAIN TAGS           after a failure: packages that have C code
//	static binary FILE MAIN TAGS    after compiling: the binary asks for a loader or for shared libraries
//
// What docker/optional-native.txt names, the service does without.
package main

import (
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// listed is what `go list` says of a package.
type listed struct {
	Dir, ImportPath            string
	Standard                   bool
	Module                     struct{ Main bool }
	GoFiles, CgoFiles, Imports []string
}

func main() {
	var err error
	switch os.Args[1] {
	case "packages":
		err = checkPackages(os.Args[2], os.Args[3])
	case "hint":
		err = hint(os.Args[2], os.Args[3])
	case "binary":
		err = checkBinary(os.Args[2], os.Args[3], os.Args[4])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func checkPackages(main, tags string) error {
	pure, withC, err := packages(main, tags)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(pure)) {
		if p := pure[name]; p.Module.Main && slices.Contains(p.Imports, "plugin") && !optional("plugin") {
			return fmt.Errorf("%s imports plugin, and a static binary opens none: import the plugins as packages. "+
				"If the service does without them, add the line plugin to docker/optional-native.txt.", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(withC)) {
		if !optional(name) && isStub(pure[name], withC[name]) {
			return fmt.Errorf("%s has C code, and the static binary is made without a C compiler: take a package in pure Go. "+
				"If the service does without that code, add the line %s to docker/optional-native.txt.", name, name)
		}
	}
	return nil
}

func hint(main, tags string) error {
	_, withC, err := packages(main, tags)
	if len(withC) > 0 {
		return fmt.Errorf("these packages have C code, and the static binary is made without a C compiler: %s. "+
			"If the error above is about one of them, take a package in pure Go.", strings.Join(slices.Sorted(maps.Keys(withC)), ", "))
	}
	return err
}

func checkBinary(file, main, tags string) error {
	binary, err := elf.Open(file)
	if err != nil {
		return err
	}
	defer binary.Close()
	libraries, _ := binary.ImportedLibraries() // none where there is no dynamic section
	interpreted := slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
	if !interpreted && len(libraries) == 0 {
		return nil
	}
	pure, _, err := packages(main, tags)
	if err != nil {
		return err
	}
	cause := "."
	for _, name := range slices.Sorted(maps.Keys(pure)) {
		if importsLibraries(pure[name]) {
			cause = ", because of " + name + "."
		}
	}
	return fmt.Errorf("the binary is not static: it needs a dynamic loader (%s), which the image does not have%s "+
		"Take a package in pure Go, or the build tag by which it does without libraries: --build-arg TAGS=...",
		strings.Join(append([]string{"ld.so"}, libraries...), ", "), cause)
}

// importsLibraries says whether a package names shared libraries to the linker, as cgo would do for it.
func importsLibraries(p listed) bool {
	return slices.ContainsFunc(p.GoFiles, func(file string) bool {
		source, err := os.ReadFile(filepath.Join(p.Dir, file))
		return err == nil && bytes.Contains(source, []byte("\n//go:cgo_import_dynamic"))
	})
}

// packages returns what main is compiled of, apart from the standard library, as it is without C code;
// and, of the packages that have C code, as they are with it.
func packages(main, tags string) (pure, withC map[string]listed, err error) {
	pure, err = list("0", tags, "-deps", main)
	if err != nil || len(pure) == 0 {
		return pure, nil, err
	}
	withC, err = list("1", tags, slices.Collect(maps.Keys(pure))...)
	maps.DeleteFunc(withC, func(_ string, p listed) bool { return len(p.CgoFiles) == 0 })
	return pure, withC, err
}

func list(cgo, tags string, arguments ...string) (map[string]listed, error) {
	flags := []string{"list", "-e", "-tags", tags, "-json=Dir,ImportPath,Standard,Module,GoFiles,CgoFiles,Imports"}
	command := exec.Command("go", append(flags, arguments...)...)
	command.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	command.Stderr = os.Stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	found := map[string]listed{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return found, nil
		case err != nil:
			return nil, err
		case !p.Standard && p.ImportPath != "C":
			found[p.ImportPath] = p
		}
	}
}

// isStub says whether a package is of no use without its C code, although it may compile: most of its exported names are
// gone, or what stands in for the C code speaks of cgo, as an error message does.
func isStub(pure, withC listed) bool {
	before, _ := read(withC.Dir, slices.Concat(withC.GoFiles, withC.CgoFiles))
	after, _ := read(pure.Dir, pure.GoFiles)
	gone := 0
	for name := range before {
		if !after[name] {
			gone++
		}
	}
	_, texts := read(pure.Dir, slices.DeleteFunc(slices.Clone(pure.GoFiles), func(file string) bool {
		return slices.Contains(withC.GoFiles, file)
	}))
	return len(pure.GoFiles) == 0 || gone*2 > len(before) || strings.Contains(strings.ToLower(texts), "cgo")
}

// read returns the exported names of some files of a package (TYPE.METHOD for methods), and all their string constants.
func read(dir string, files []string) (map[string]bool, string) {
	names, texts := map[string]bool{}, strings.Builder{}
	add := func(prefix string, name *ast.Ident) {
		if name.IsExported() {
			names[prefix+name.Name] = true
		}
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file), nil, parser.SkipObjectResolution)
		if err != nil {
			continue // the compiler says it better
		}
		ast.Inspect(parsed, func(part ast.Node) bool {
			switch part := part.(type) {
			case *ast.FuncDecl:
				add(receiver(part.Recv), part.Name)
			case *ast.TypeSpec:
				add("", part.Name)
			case *ast.ValueSpec:
				for _, name := range part.Names {
					add("", name)
				}
			case *ast.BasicLit:
				if part.Kind == token.STRING {
					texts.WriteString(part.Value + "\n")
				}
			}
			return true
		})
	}
	return names, texts.String()
}

// receiver returns the type of a method and a dot, or nothing for a function.
func receiver(fields *ast.FieldList) (prefix string) {
	if fields != nil {
		ast.Inspect(fields.List[0].Type, func(part ast.Node) bool {
			if name, ok := part.(*ast.Ident); ok && prefix == "" {
				prefix = name.Name + "."
			}
			return prefix == ""
		})
	}
	return prefix
}

// optional says whether docker/optional-native.txt names the package, each line a pattern.
func optional(name string) bool {
	lines, _ := os.ReadFile("docker/optional-native.txt") // a service may have none
	return slices.ContainsFunc(strings.Fields(string(lines)), func(pattern string) bool {
		matched, err := path.Match(pattern, name)
		return err == nil && matched
	})
}
