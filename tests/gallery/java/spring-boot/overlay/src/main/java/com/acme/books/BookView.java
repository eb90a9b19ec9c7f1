package com.acme.books;

public record BookView(Long id, String title) {}
