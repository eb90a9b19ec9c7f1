package words

import (
	"os"
	"testing"
)

func TestFirst(t *testing.T) {
	if _, err := os.ReadFile("testdata/server.pem"); err != nil || First() != "tea" {
		t.Error(First(), err)
	}
}
