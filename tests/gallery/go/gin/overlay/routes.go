package main

import (
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"go.yaml.in/yaml/v3"
)

// routes hands everything but the probes to gin.
func (s *server) routes(mux *http.ServeMux) {
	mux.Handle("/", s.engine())
}

type note struct {
	Text string `json:"text" binding:"required,max=100"`
}

func (s *server) engine() http.Handler {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.LoadHTMLGlob("templates/*")
	engine.Static("/public", "./public")

	var config struct{ Title string }
	text, err := os.ReadFile("config/notes.yaml")
	if err == nil {
		err = yaml.Unmarshal(text, &config)
	}
	if err != nil {
		panic(err)
	}

	engine.GET("/", func(c *gin.Context) {
		c.HTML(http.StatusOK, "index.tmpl", gin.H{"title": config.Title})
	})
	engine.POST("/notes", func(c *gin.Context) {
		var n note
		if err := c.ShouldBindJSON(&n); err != nil {
			c.JSON(http.StatusUnprocessableEntity, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusCreated, n)
	})
	engine.GET("/events", func(c *gin.Context) {
		for _, word := range []string{"one", "two"} {
			c.SSEvent("word", word)
			c.Writer.Flush()
		}
	})
	return engine
}
