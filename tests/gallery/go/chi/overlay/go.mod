module example.com/shop

go 1.26

require (
	example.com/money v0.0.0
	github.com/go-chi/chi/v5 v5.5.0
)

replace example.com/money => ./lib/money
