package com.acme.books;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.util.ClassUtils;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

import java.util.List;
import java.util.Map;

@RestController
class BookController {
    private final BookRepository books;
    private final BookMapper mapper;

    private final String shop;

    BookController(BookRepository books, BookMapper mapper, @Value("${shop.name}") String shop) {
        this.books = books;
        this.mapper = mapper;
        this.shop = shop;
    }

    @GetMapping("/")
    Map<String, Object> hello() {
        ClassLoader loader = getClass().getClassLoader();
        String devtools = "org.springframework.boot.devtools.restart.Restarter";
        return Map.of("shop", shop, "devtools", ClassUtils.isPresent(devtools, loader));
    }

    @GetMapping("/books")
    List<BookView> list() {
        return books.findAll().stream().map(mapper::view).toList();
    }

    @PostMapping("/books")
    BookView add(@RequestBody BookView added) {
        Book book = new Book();
        book.setTitle(added.title());
        return mapper.view(books.save(book));
    }
}
