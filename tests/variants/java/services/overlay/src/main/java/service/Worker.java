package service;

/** A second program. */
public final class Worker {
    private Worker() {}

    public static void main(String[] arguments) {}
}
