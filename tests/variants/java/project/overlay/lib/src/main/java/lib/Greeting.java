package lib;

/** Of another module. */
public final class Greeting {
    private Greeting() {}

    /** Returns a text. */
    public static String text() {
        return "Hello, " + words.Words.first();
    }
}
