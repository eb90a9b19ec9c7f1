package batch;

/** Another program. */
public final class Batch {
    private Batch() {}

    public static void main(String[] arguments) {
        System.exit(1);
    }
}
