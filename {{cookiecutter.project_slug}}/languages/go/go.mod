module github.com/{{ cookiecutter.owner }}/{{ cookiecutter.project_slug }}

go 1.27
