package lib;

/** What tests of other modules use. */
public final class Fixture {
    private Fixture() {}

    /** Returns a text. */
    public static String text() {
        return "fixture";
    }
}
