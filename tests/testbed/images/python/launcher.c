/* Programs/python.c of CPython: Debian links the interpreter into its python3, the official image into a shared library. */
extern int Py_BytesMain(int argc, char **argv);

int main(int argc, char **argv) { return Py_BytesMain(argc, argv); }
