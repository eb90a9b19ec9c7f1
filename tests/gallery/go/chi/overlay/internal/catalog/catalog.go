// Package catalog knows the articles.
package catalog

import "example.com/money"

// Article is something to buy.
type Article struct {
	Name  string `json:"name"`
	Price string `json:"price"`
}

// All returns every article.
func All() []Article {
	return []Article{{"tea", money.Cents(1250).String()}}
}
