package service;

/** Loads a class by its name that is not in the image. */
public final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        try {
            Class.forName("com.acme.Driver" + arguments.length);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException("There is no driver of the database", e);
        }
    }
}
