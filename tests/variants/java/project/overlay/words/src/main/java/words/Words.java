package words;

/** A module whose jar has the same name as that of another one. */
public final class Words {
    private Words() {}

    /** Returns a word. */
    public static String first() {
        return "tea";
    }
}
