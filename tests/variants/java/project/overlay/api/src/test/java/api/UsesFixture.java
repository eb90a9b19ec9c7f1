package api;

/** Compiled with the tests of another module. */
final class UsesFixture {
    static final String TEXT = lib.Fixture.text();

    private UsesFixture() {}
}
