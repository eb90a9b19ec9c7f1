package com.acme.books;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.mapstruct.factory.Mappers;

class BookMapperTest {
    @Test
    void showsTheTitle() {
        Book book = new Book();
        book.setTitle("Sapiens");

        assertThat(Mappers.getMapper(BookMapper.class).view(book).title()).isEqualTo("Sapiens");
    }
}
